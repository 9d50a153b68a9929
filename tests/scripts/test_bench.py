"""Every bench runs, and tells when something did not arrive. No figure is judged here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"


def bench(*arguments):
    environ = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    return subprocess.run(
        [sys.executable, "-m", "benches", *arguments, "--quick"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("verb", ["hot", "ingest", "latency", "frame", "shell", "eta", "notify"])
def test_a_quick_bench_prints_its_table_and_every_check_holds(verb):
    done = bench(verb)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "median" in done.stdout
    assert "WRONG" not in done.stdout


def test_an_unknown_area_is_refused():
    done = bench("nothing")
    assert done.returncode == 2
    assert "nothing" in done.stderr
