"""The README's first command, on a fresh clone."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def first_command():
    readme = (ROOT / "README.md").read_text("utf-8")
    return re.search(r"## See it\n+```bash\n(\S+)", readme).group(1)


@pytest.fixture
def clone(tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    yield clone
    shutil.rmtree(clone)


@pytest.mark.once
@pytest.mark.timeout(300)
def test_the_first_command_shows_several_real_installers_to_their_end(clone, sandbox):
    environ = {k: v for k, v in sandbox.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environ["PATH"] = os.environ["PATH"]

    demo = subprocess.run(
        [first_command()],
        cwd=clone,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # where `headway run` shows what goes on
        text=True,
        timeout=280,
        check=False,
    )

    assert demo.returncode == 0, demo.stdout
    completed = re.findall(r"^\S+ (.+?) +completed ", demo.stdout, re.MULTILINE)
    assert len({name.split(":")[0] for name in completed}) >= 3, demo.stdout
    assert "\x1b" not in demo.stdout, "an escape sequence in a pipe"
