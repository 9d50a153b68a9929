"""scripts/check: it checks its own tree by that tree's environment, and says if there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
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
        timeout=50,
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
    assert said.count(":".join(f"{tree / wing}" for wing in WINGS) + "\n") == 5
    assert "elsewhere" not in said
