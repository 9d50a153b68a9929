"""scripts/check: it checks its own tree by that tree's environment, and says if there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
WINGS = ("sdk", "broker", "viewer")


@pytest.fixture
def tree(tmp_path):
    """A tree with `scripts/check` alone."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "check", tmp_path / "scripts")
    return tmp_path


def checked(tree, **environ):
    return subprocess.run(
        [tree / "scripts" / "check"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_without_its_environment_the_check_says_so_and_checks_nothing(tree):
    said = checked(tree)
    assert said.returncode == 1
    assert said.stdout == "check: no .venvs/newest here: run scripts/test first\n"


def test_the_packages_that_are_checked_are_those_of_its_own_tree(tree):
    tools = tree / ".venvs" / "newest" / "bin"
    tools.mkdir(parents=True)
    for name in ("ruff", "basedpyright", "lint-imports", "python"):
        (tools / name).write_text('#!/bin/sh\necho "$PYTHONPATH"\nexit 1\n')
        (tools / name).chmod(0o755)
    said = checked(tree, PYTHONPATH="/elsewhere").stdout
    assert said.count(":".join(f"{tree / wing}" for wing in WINGS) + "\n") == 7
    assert "elsewhere" not in said


# What the import contracts let pass.
BREACHES = [
    (
        "sdk/headway/estimate/smoothing.py",
        "from timeit import default_timer\n",
        "'timeit', 'default_timer'",
    ),
    ("broker/headway_broker/state/ledger.py", "import urllib.request\n", "'urllib.request', ''"),
    ("viewer/headway_viewer/picture/view.py", "def _late():\n    return open('x')\n", "'open'"),
]


@pytest.fixture(scope="module")
def said_of_breaches(tmp_path_factory):
    """What the check prints of a copy of the packages with all of these in it."""
    tree = tmp_path_factory.mktemp("breached")
    for folder in (*WINGS, "tests/support", "scripts"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "tests" / "scripts").mkdir()
    for name in (
        "pyproject.toml",
        "tests/conftest.py",
        "tests/scripts/test_contracts.py",
        "tests/scripts/test_cores.py",
    ):
        shutil.copy(ROOT / name, tree / name)
    for path, source, _ in BREACHES:
        with (tree / path).open("a") as file:
            file.write(source)
    tools = tree / ".venvs" / "newest" / "bin"
    tools.mkdir(parents=True)
    linter = Path(sys.executable).with_name("lint-imports")
    for name, command in [
        ("ruff", "true"),
        ("basedpyright", "true"),
        ("lint-imports", f"exec {sys.executable} {linter} --no-cache"),
        ("python", f'exec {sys.executable} "$@"'),
    ]:
        (tools / name).write_text(f"#!/bin/sh\n{command}\n")
        (tools / name).chmod(0o755)
    return checked(tree, PYTEST_ADDOPTS="", COLUMNS="300").stdout


@pytest.mark.parametrize(("path", "source", "name"), BREACHES)
def test_a_breach_in_a_core_that_no_contract_lists_fails_the_check(
    said_of_breaches, path, source, name
):
    del source
    core = path.partition("/")[2].removesuffix(".py").replace("/", ".")
    assert "check: contracts: FAILED" in said_of_breaches
    assert f"('{core}', {name})" in said_of_breaches
