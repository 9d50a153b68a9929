"""The worker's side on every interpreter of this machine, with nothing installed beside it."""

import glob
import os
import shutil
import subprocess
import sys

import pytest
from machine import ROOT

COUNT = """
import sys, threading
sys.setswitchinterval(1e-5)  # threads get into each other's way as often as can be
import headway
with headway.operation("Work") as op, op.stage("Step") as stage:
    def work():
        for _ in range(30_000):
            stage.advance()
        for _ in headway.track(range(1000), "Loop"):
            pass
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    stage.advance(0.5)
    print(stage.done, sorted({loop.done for loop in op.stages[1:]}))
"""


def interpreters():
    """By version: every CPython from 3.8 on that pyenv or PATH has."""
    found = {}
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for minor in range(8, 15):
        for suffix in ("", "t"):  # with and without a global lock
            name = f"3.{minor}{suffix}"
            versions = glob.glob(f"{pyenv}/versions/3.{minor}.*{suffix}/bin/python{name}")
            path = versions[0] if versions else shutil.which(f"python{name}")
            if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:  # noqa: PLW1510
                found[name] = path
    return found


INTERPRETERS = interpreters() or {"this one": sys.executable}


@pytest.mark.once
@pytest.mark.parametrize("version", INTERPRETERS)
def test_counts_of_many_threads_are_exact(version, tmp_path):
    """There is no pyzmq in it: a program that cannot report counts on and says nothing."""
    done = subprocess.run(
        [INTERPRETERS[version], "-S", "-c", COUNT],
        env={
            "PYTHONPATH": os.path.join(ROOT, "sdk"),
            "PATH": os.defpath,
            "HEADWAY_RUNTIME_DIR": str(tmp_path),
            "HEADWAY_BROKER": "never",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "180000.5 [1000]\n", "")
