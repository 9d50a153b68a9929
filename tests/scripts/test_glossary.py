"""What the pages name in the repository is there: modules, files, tests, cores, contracts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "headway": "sdk",
    "progress_tracker": "sdk",
    "headway_broker": "broker",
    "headway_viewer": "viewer",
}
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))]
FILE = re.compile(r"(?<![\w/-])(?:sdk|broker|viewer|tests|scripts|docs|examples)/[\w./-]*\w")
MODULE = re.compile(rf"(?<![\w./-])(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
IN_A_WING = re.compile(r"`([a-z_]+(?:\.\w+)+)`")  # as `storage.policy`
TEST = re.compile(r"\btest_\w+\b(?!\.py)")
ROW = re.compile(r"^\| `([\w./]+)` \| (core|shell|both) \|", re.MULTILINE)
CONTRACT = re.compile(r"contract \"([^\"]+)\"")
BENCHED = re.compile(r"<!-- bench .*?<!-- end -->", re.DOTALL)
CORES = "Cores decide, shells do"
TESTS = {
    name
    for file in ROOT.glob("tests/**/test_*.py")
    for name in re.findall(r"^ *(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_what_a_page_names_is_there(page):
    assert missing((ROOT / page).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "name",
    [
        "sdk/headway/nowhere.py",
        "scripts/nothing",
        "headway.nowhere",
        "headway.model.Nobody",
        "headway_broker.peers.nobody",
        "test_that_is_nowhere",
        'contract "Shells decide"',
    ],
)
def test_what_is_not_there_is_found(name):
    assert missing(f"See `{name}`.") == [name]


def test_what_a_docstring_names_is_there():
    dead = {
        f"{file.relative_to(ROOT)}: {name}"
        for package, wing in PACKAGES.items()
        for file in sorted((ROOT / wing / package).rglob("*.py"))
        for text in docstrings(file.read_text("utf-8"))
        for name in [*missing(text), *missing_in_wings(text, package)]
    }
    assert dead == set()


@pytest.mark.parametrize("name", ["storage.nowhere", "state.ledger.Nobody", "headway.nowhere"])
def test_a_dead_name_in_a_docstring_is_found(name):
    [text] = docstrings(f'def late():\n    """Write a row (`{name}`)."""\n')
    assert [*missing(text), *missing_in_wings(text, "headway_broker")] == [name]


def test_a_term_has_one_line_that_says_where_it_is():
    lines = (ROOT / "docs" / "glossary.md").read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| **")]
    terms = [row.split("**")[1] for row in rows]
    assert len(terms) > 40
    assert len(set(terms)) == len(terms)
    assert [row for row in rows if not MODULE.search(row)] == []


# Sections in which every paragraph and item names a test, but so many.
PROMISES = {
    "docs/resilience.md": (["What is promised", "Where that ends", "Beside the program"], 0),
    "docs/security.md": (
        ["Threats", "What is written to disk", "What leaves", "Pages", "Fairness"],
        5,
    ),
}


@pytest.mark.parametrize("page", sorted(PROMISES))
def test_what_a_page_promises_names_its_test(page):
    titles, unchecked = PROMISES[page]
    text = BENCHED.sub("", (ROOT / page).read_text("utf-8"))  # a script measures what is there
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    promised = [one for one in sections if one.startswith(tuple(titles))]
    assert len(promised) == len(titles)
    bare = [
        paragraph
        for section in promised
        for paragraph in re.split(r"\n\n|\n(?=- |\d\. )", section.partition("\n")[2])
        if paragraph.strip()
        and not paragraph.lstrip().startswith(("#", "<!--", "|"))
        and not paragraph.rstrip().endswith(":")
        and not TEST.search(paragraph)
        and "tests/" not in paragraph
    ]
    assert len(bare) <= unchecked, bare


def test_the_map_has_every_folder_and_says_which_are_cores():
    marks = dict(ROW.findall((ROOT / "docs" / "architecture.md").read_text("utf-8")))
    assert {path: mark for path, mark in marks.items() if mark != nature(path)} == {}
    folders = {
        str(init.parent.relative_to(ROOT))
        for package in ("sdk/headway", "broker/headway_broker", "viewer/headway_viewer")
        for init in (ROOT / package).glob("*/__init__.py")
    }
    assert folders - set(marks) == set()


def missing(text):
    """The files, modules, tests and contracts that a text names and the repository lacks."""
    files = [file for file in FILE.findall(text) if not (ROOT / file).exists()]
    modules = [name for name in MODULE.findall(text) if not is_there(name)]
    tests = [name for name in TEST.findall(FILE.sub("", text)) if name not in TESTS]
    titles = {contract["name"] for contract in contracts()}
    walls = [
        f'contract "{title}"'
        for title in CONTRACT.findall(" ".join(text.split()))
        if title not in titles
    ]
    return [*files, *modules, *tests, *walls]


def missing_in_wings(text, package):
    """What a docstring names from a folder on, as `storage.policy`, and is not there.

    The folder may be one of `headway`, too, on which the packages stand.
    """
    dead = []
    for name in IN_A_WING.findall(text):
        places = [
            f"{one}.{name}"
            for one in {package, "headway"}
            if (ROOT / PACKAGES[one] / one / name.split(".")[0]).is_dir()
        ]
        if places and not any(map(is_there, places)):
            dead.append(name)
    return dead


def docstrings(source):
    """The docstrings of a module and of all that is in it."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = (
        ast.get_docstring(node) for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)
    )
    return [text for text in found if text]


def is_there(dotted):
    """Whether a module, or a name at the top of one, exists."""
    package, *rest = dotted.split(".")
    path = ROOT / PACKAGES[package] / package
    while rest and (path / rest[0]).is_dir():
        path /= rest.pop(0)
    if rest and (path / f"{rest[0]}.py").exists():
        path /= f"{rest.pop(0)}.py"
    else:
        path /= "__init__.py"
    return not rest or (len(rest) == 1 and rest[0] in names_of(path))


def names_of(file):
    """The names that a module defines or imports at its top."""
    todo = list(ast.parse(file.read_text("utf-8")).body)
    for node in todo:
        if isinstance(node, ast.If):  # for type checkers
            todo += node.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)


def nature(path):
    """Whether the contract of cores holds all of a folder or file (core), none of it, or both."""
    found = ROOT / path
    files = found.rglob("*.py") if found.is_dir() else [found]
    cores = next(contract for contract in contracts() if contract["name"] == CORES)
    held = {
        any(f"{module_of(file)}.".startswith(f"{core}.") for core in cores["source_modules"])
        for file in files
        if not file.stem.startswith("__")
    }
    return {(True,): "core", (False,): "shell"}.get(tuple(held), "both")


def module_of(file):
    return ".".join(file.relative_to(ROOT).with_suffix("").parts[1:])


def contracts():
    from importlinter import api

    return api.read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]
