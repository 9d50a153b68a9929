"""What tests do better without, at most as often as they do it now: lower a limit, never raise it.

A sleep takes longer than what it waits for, or not long enough: wait for the condition instead
(`machine.until`), hold a program at its standard input, or give it a clock of your own
(`headway.testing`). A private name of the product ties a test to how something is done, when
what is done is all that it should hold.
"""

import ast
import functools
import pathlib

import pytest

TESTS = pathlib.Path(__file__).parents[1]
# Public, though their names begin with an underscore: of named tuples, `os` and `sys`.
PUBLIC = {"_replace", "_asdict", "_make", "_fields", "_field_defaults", "_exit", "_getframe"}


def sleeps(node):
    """Whether a test sleeps itself: its programs may, and `sleep(0)` only lets others go on."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name == "sleep" and [getattr(one, "value", None) for one in node.args] != [0]


def reaches_in(node):
    """Whether a test uses a private name of something else."""
    if not isinstance(node, ast.Attribute) or getattr(node.value, "id", "") in ("self", "cls"):
        return False
    return node.attr.startswith("_") and not node.attr.startswith("__") and node.attr not in PUBLIC


def skips_for_ours(node):
    """Whether a module of ours that cannot be imported skips a test, where it is to fail it."""
    if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") != "importorskip":
        return False
    return str(getattr(node.args[0], "value", "")).startswith(("headway", "progress_tracker"))


def skips(node):
    """Whether a test may be left out: a machine that lacks something tells nothing of it then."""
    if not isinstance(node, ast.Call):
        return False
    name, of = getattr(node.func, "attr", ""), getattr(node.func, "value", None)
    return name in ("skipif", "importorskip") or (
        name == "skip" and getattr(of, "id", "") == "pytest"
    )


@functools.lru_cache(maxsize=None)  # to parse all tests takes a second
def calls_and_attributes():
    """Each file of the tests, with what is called there and whose attributes are used."""
    return [
        (path, [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if of_interest(node)])
        for path in sorted(TESTS.rglob("*.py"))
    ]


def of_interest(node):
    return isinstance(node, (ast.Call, ast.Attribute))


@pytest.mark.once
@pytest.mark.parametrize(
    ("counted", "limit"), [(sleeps, 8), (reaches_in, 45), (skips_for_ours, 0), (skips, 100)]
)
def test_there_are_no_more_of_them_than_there_were(counted, limit):
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path, nodes in calls_and_attributes()
        for node in nodes
        if counted(node)
    ]
    assert len(found) <= limit, "\n".join(found)
