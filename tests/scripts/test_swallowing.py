"""No `except` on the program's thread takes what a signal's handler of the program raises.

A handler is called between any two instructions of the main thread. An `except` that takes errors
of any kind calls `reraise_async`, or it stands here with the reason why it need not.
"""

import ast
import pathlib

import pytest

SDK = pathlib.Path(__file__).parents[2] / "sdk"
# What a handler may well raise: its own kinds, and a `TimeoutError`, which is an OSError.
BROAD = {"BaseException", "Exception", "OSError", "RuntimeError", "TimeoutError"}
# What runs in processes of ours.
OWN = (
    "headway/cli.py",
    "headway/commands/",
    "headway/run/",
    "headway/testing.py",
    "headway_command.py",
)
# Module → how many handlers that keep it, and why they may.
REASONS = {
    "headway/api/counts/step_counter.py": (1, "it passes on what comes from any other frame"),
    "headway/host/desktop.py": (2, "a thread that sends notifications"),
    "headway/reporting/connection.py": (6, "the reporting thread"),
    "headway/reporting/exits.py": (4, "ends: nobody could catch it, and the process is over"),
    "headway/reporting/thread.py": (8, "the reporting thread"),
    "headway_patch/site/sitecustomize.py": (1, "before the program begins"),
}


def broad(handler):
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind) in BROAD for kind in kinds)


def passes_on(handler):
    names = {node.id for node in ast.walk(handler) if isinstance(node, ast.Name)}
    last = handler.body[-1]
    return bool(names & {"reraise_async", "is_async", "is_of_step"}) or (
        isinstance(last, ast.Raise) and last.exc is None
    )


@pytest.mark.once
def test_every_broad_except_passes_on_what_is_the_programs():
    found = {}
    for path in sorted(SDK.rglob("*.py")):
        name = str(path.relative_to(SDK))
        if name.startswith(OWN) and name != "headway/run/subprocess_run.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and broad(node) and not passes_on(node):
                found.setdefault(name, []).append(node.lineno)
    counts = {name: len(lines) for name, lines in found.items()}
    assert counts == {name: number for name, (number, _) in REASONS.items()}, found


def loops_under_a_lock(tree):
    """The lines of `while` loops that stand in a `with` of a lock themselves."""
    for block in ast.walk(tree):
        if not (isinstance(block, ast.With) and "lock" in ast.unparse(block.items[0].context_expr)):
            continue
        inside = list(block.body)
        while inside:
            node = inside.pop()
            if isinstance(node, ast.While):
                yield node.lineno
            if not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
                inside.extend(ast.iter_child_nodes(node))


@pytest.mark.once
def test_no_while_loop_stands_in_the_with_of_a_lock():
    """CPython 3.12 and later: what is raised at such a loop's jump back leaves the lock held."""
    found = {}
    for path in sorted(SDK.rglob("*.py")):
        name = str(path.relative_to(SDK))
        if not name.startswith(OWN):
            lines = list(loops_under_a_lock(ast.parse(path.read_text("utf-8"))))
            found.update({name: lines} if lines else {})
    assert found == {}
