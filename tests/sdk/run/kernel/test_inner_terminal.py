"""The mode of the pty that a program relays its terminal to, told by who has it."""

from __future__ import annotations

import os
import pty
import select
import signal
import termios

import pytest

from headway.run.kernel.inner_terminal import inner_mode
from headway.terminal_mode import LINE, RAW, SECRET

RELAY = """
import os, pty, sys, termios
pid, master = pty.fork()
if pid == 0:
    attributes = termios.tcgetattr(0)
    attributes[3] &= ~int(sys.argv[1])
    termios.tcsetattr(0, termios.TCSANOW, attributes)
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)
while True:
    try:
        data = os.read(master, 100)
    except OSError:
        break
    os.write(1, data)
"""


@pytest.fixture
def relay():
    """Return what starts a program that has a pty of its own, on a pty; tear both down."""
    started = []

    def start(*argv):
        pid, master = pty.fork()
        if pid == 0:
            os.execvp(argv[0], argv)
        started.append((pid, master))
        assert select.select([master], [], [], 20)[0]
        assert b"ready" in os.read(master, 100)
        return pid, os.stat(f"/proc/{pid}/fd/0").st_rdev

    yield start
    for pid, master in started:
        os.close(master)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.mark.parametrize(
    ("cleared", "mode"),
    [(0, LINE), (termios.ECHO, SECRET), (termios.ICANON | termios.ECHO, RAW)],
)
def test_the_mode_of_the_pty_within_is_told(relay, cleared, mode):
    import sys

    pid, outer = relay(sys.executable, "-c", RELAY, str(cleared))
    assert inner_mode([pid], outer) == mode


def test_a_program_on_the_terminal_itself_has_none_within(relay):
    pid, outer = relay("sh", "-c", "echo ready; cat")
    assert inner_mode([pid], outer) is None
    assert inner_mode([], outer) is None
