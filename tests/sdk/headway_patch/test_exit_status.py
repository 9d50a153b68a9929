"""The exit of a program, seen by the processes of programs that end so."""

import contextlib
import subprocess
import sys
import textwrap

import pytest

from headway_patch import exit_status

LOOP = """
import atexit, os, sys
sys.path.insert(0, {path!r})
from headway_patch import exit_status
told = lambda *status: os.write(1, repr(status).encode())
exit_status.watch(told, lambda first: told(first))
def ended():
    by = exit_status.ended_by()
    os.write(1, repr(by and (by.code,)).encode())
atexit.register(ended)
def items():
    try:
        yield from range(5)
    finally:
        exit_status.look_for_passing(sys._getframe(1))
"""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("for i in items(): sys.exit(3)", "(3,)"),
        ("for i in items(): raise SystemExit('no disk')", "('no disk',)"),
        ("try: sys.exit(3)\nexcept SystemExit: pass", "None"),
        ("try: sys.exit(3)\nexcept SystemExit: pass\nsys.exit(4)", "(4,)"),
        ("try: 1 / 0\nexcept ZeroDivisionError:\n  sys.exit(3)", "(3,)"),
        ("sys.exit()", "(None,)"),
        ("1 / 0", "None"),
        ("os._exit(3)", "(3,)"),
        ("os.execv('/bin/true', ['true'])", "('/bin/true',)"),
    ],
)
def test_what_the_program_ends_by(code, told):
    path = exit_status.__file__.rpartition("/headway_patch/")[0]
    program = textwrap.dedent(LOOP).format(path=path) + code
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert ran.stdout.decode() == told, ran.stderr


def test_after_a_break_nobody_looks_for_it(monkeypatch):
    looked = []
    monkeypatch.setattr(exit_status.gc, "get_objects", lambda generation: looked.append(1) or [])

    def items():
        try:
            yield from range(5)
        finally:
            exit_status.look_for_passing(sys._getframe(1))

    def leave_by_return():
        for item in items():
            if item == 2:
                return

    for item in items():
        if item == 2:
            break
    leave_by_return()
    assert not looked
    with contextlib.suppress(ValueError):
        for item in items():
            int("x" * item)
    assert looked
