"""`python -m headway_viewer.terminal`: the viewer process of a terminal with programs in it.

Started by the SDK when a program's first operation has lasted half a second; one for each
terminal, arbitrated by the broker. It lives in a process group of its own inside the
program's session, is deaf to what is typed, never reads the terminal, never asks it
anything, never changes its modes. A second process, forked before anything else happens,
only waits: if the drawing one is killed, it gives the terminal back and draws on.
"""

from __future__ import annotations

import argparse
import mmap
import os
import signal
import struct
import sys
from types import FrameType
from typing import Sequence

from headway.formatting import theme
from headway_viewer.display.live import write_all
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.terminal import scroll_region
from headway_viewer.terminal.lines import KINDS, print_lines
from headway_viewer.terminal.loop import Stand, draw

RESTARTS = 3
_HEIGHT = struct.Struct("i")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the viewer of a terminal; the exit status is 0 unless it was used wrongly."""
    parser = argparse.ArgumentParser(prog="python -m headway_viewer.terminal", description=__doc__)
    parser.add_argument("--tty", help="the terminal's name")
    parser.add_argument("--session", required=True, help="of the worker that started this")
    parser.add_argument("--pid", type=int, required=True, help="of the worker that started this")
    parser.add_argument("--lines", choices=KINDS, help="append such lines to --fd")
    parser.add_argument("--fd", type=int, default=2, help="an inherited descriptor")
    arguments = parser.parse_args(argv)
    if not arguments.tty and not arguments.lines:
        parser.error("--tty or --lines is needed")
    _be_deaf()
    inherited = os.dup(arguments.fd)
    _be_mute()
    if arguments.lines:
        return print_lines(inherited, arguments.pid, arguments.lines)
    if not theme.drawable(True, os.environ):
        return print_lines(inherited, arguments.pid) if theme.in_ci(os.environ) else 0
    descriptor = _open(arguments.tty, inherited)
    if descriptor is None:
        return 0
    return _guard(arguments.tty, descriptor)


def _be_deaf() -> None:
    """Nothing that is typed at the terminal is for this process."""
    try:
        os.setpgid(0, 0)
    except OSError:
        pass  # it leads a group already
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # whoever started us may have blocked some


def _be_mute() -> None:
    """Standard error is the program's terminal: no warning or traceback of ours belongs there."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)


def _open(name: str, inherited: int) -> int | None:
    try:
        return os.open(name, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return inherited if os.isatty(inherited) else None


def _guard(tty: str, descriptor: int) -> int:
    """Have a child draw; if it is killed, give its rows back and start another."""
    shared = mmap.mmap(-1, _HEIGHT.size)

    def held(height: int) -> None:
        _HEIGHT.pack_into(shared, 0, height)

    for start in range(1 + RESTARTS):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = draw(Stand(tty, descriptor, held, replaces=start > 0))
            finally:
                os._exit(status)
        _pass_on(child)
        _, ended = os.waitpid(child, 0)
        height = _HEIGHT.unpack_from(shared, 0)[0]
        if height:
            try:
                rows = terminal_size(descriptor)[1]
                write_all(descriptor, scroll_region.reset(min(height, rows), rows).encode())
            except OSError:
                return 0  # the terminal is gone
            held(0)
        if not os.WIFSIGNALED(ended):
            return os.WEXITSTATUS(ended)
    return 0


def _pass_on(child: int) -> None:
    """Who asks this process to end means the one that draws."""

    def tell(number: int, _frame: FrameType | None) -> None:
        try:
            os.kill(child, number)
        except OSError:
            pass  # it has ended already

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, tell)


if __name__ == "__main__":
    sys.exit(main())
