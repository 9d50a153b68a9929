"""By what a program ends."""

import os
import subprocess
import sys

import pytest

HEAD = """
import atexit, sys
from headway.reporting import exit_status
exit_status.watch()
def told():
    error = exit_status.ended_by()
    unknown = isinstance(error, exit_status.UnknownStatus)
    print("unknown" if unknown else repr(getattr(error, "code", error)))
atexit.register(told)
"""

CYCLE = """
import gc
atexit.register(gc.collect)
try: sys.exit(3)
except SystemExit as left:
    cycle = left.cycle = [left]
    cycle.append(cycle)
    del cycle
    raise
"""
KEPT = """
import gc
atexit.register(lambda: gc.collect())
try: sys.exit(3)
except SystemExit as left: left.cycle = left
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("pass", "None"),
        ("sys.exit(3)", "3"),
        ("sys.exit(0)", "None"),
        ("sys.exit('no disk')", "'no disk'"),
        ("try: sys.exit(3)\nexcept SystemExit: pass", "None"),
        ("try: sys.exit(3)\nexcept SystemExit: sys.exit(4)", "4"),
        ("raise ValueError('no disk')", "ValueError('no disk')"),
        ("sys.exit(True)", "True"),
        ("raise SystemExit(3)", "unknown"),
        ("try: raise SystemExit(3)\nfinally: print(end='')", "unknown"),
        ("try: raise SystemExit(3)\nexcept SystemExit: pass", "None"),
        ("try: sys.exit(3)\nexcept SystemExit as left: kept = left", "None"),
        ("try: sys.exit(3)\nexcept SystemExit: pass\nraise SystemExit(4)", "unknown"),
        ("import asyncio\nasync def main(): sys.exit(3)\nasyncio.run(main())", "3"),
        (CYCLE, "3"),
        (KEPT, "None"),
        ("import _thread, time\n_thread.start_new_thread(sys.exit, (3,))\ntime.sleep(0.1)", "None"),
    ],
)
def test_what_the_interpreter_took_is_told_and_what_the_program_caught_is_not(body, told):
    made = subprocess.run(
        [sys.executable, "-c", HEAD + body], capture_output=True, text=True, check=False
    )
    assert made.stdout.strip() == told


@pytest.mark.parametrize("how", [["-c", "import left"], ["-m", "left"], ["left.py"]])
def test_it_is_told_however_the_program_was_started(tmp_path, how):
    (tmp_path / "left.py").write_text(HEAD + "sys.exit(3)")
    made = subprocess.run(
        [sys.executable, *how],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (made.stdout.strip(), made.returncode) == ("3", 3)
