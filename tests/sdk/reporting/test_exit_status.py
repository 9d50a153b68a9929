"""By what a program ends."""

import subprocess
import sys

import pytest

HEAD = """
import atexit, sys
from headway.reporting import exit_status
exit_status.watch()
def told():
    error = exit_status.ended_by()
    print(repr(getattr(error, "code", error)))
atexit.register(told)
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
    ],
)
def test_what_the_interpreter_took_is_told_and_what_the_program_caught_is_not(body, told):
    made = subprocess.run(
        [sys.executable, "-c", HEAD + body], capture_output=True, text=True, check=False
    )
    assert made.stdout.strip() == told
