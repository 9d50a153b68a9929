"""`python -m headway_viewer.terminal`: the viewer process of a terminal with programs in it.

The SDK starts it when a program's first operation has lasted half a second, and passes it a
locked file, by which one serves each terminal. It has a process group of its own inside the
program's session, ignores the signals of the keyboard, and never reads the terminal, queries it
or changes its modes. It supervises a child that draws: if that is killed, it releases the scroll
region and starts another.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from types import FrameType
from typing import Sequence

from headway.commands.standard_streams import discard_stderr
from headway.formatting import picture_support
from headway.host.files.terminal_locks import VIEWER, TerminalLock
from headway_viewer.display.taskbar import clear_left
from headway_viewer.terminal.lines import LINE_KINDS, run_lines
from headway_viewer.terminal.loop import DrawTarget, run_terminal
from headway_viewer.terminal.notebook_cells import run_cells
from headway_viewer.terminal.region_lock import RegionLock

MAX_RESTARTS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the viewer process of a terminal; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m headway_viewer.terminal", description=__doc__)
    parser.add_argument("--tty", help="the terminal's name")
    parser.add_argument("--session", required=True, help="of the worker that started this")
    parser.add_argument("--pid", type=int, required=True, help="of the worker that started this")
    parser.add_argument("--lines", choices=LINE_KINDS, help="append such lines to --fd")
    parser.add_argument("--cells", action="store_true", help="write pictures for cells to --fd")
    parser.add_argument("--pids", type=int, help="a descriptor for lines with pids, of several")
    parser.add_argument("--fd", type=int, default=2, help="an inherited descriptor")
    parser.add_argument("--role", type=int, help="the inherited descriptor of its lock")
    arguments = parser.parse_args(argv)
    if not (arguments.tty or arguments.lines or arguments.cells):
        parser.error("--tty, --lines or --cells is needed")
    _ignore_terminal_signals()
    inherited = os.dup(arguments.fd)
    discard_stderr()  # the program's terminal, not for our warnings
    if arguments.cells:
        return run_cells(inherited, arguments.pid)
    if arguments.lines:
        return run_lines(inherited, arguments.pid, arguments.lines, arguments.pids)
    if not picture_support.drawable(True, os.environ):
        return run_lines(inherited, arguments.pid)
    descriptor = _open(arguments.tty, inherited)
    if descriptor is None:
        return 0
    role = TerminalLock(descriptor, VIEWER)  # kept as long as any process of this viewer lives
    if arguments.role is None and not role.acquire():
        return 0
    return _supervise(arguments.tty, descriptor)


def _ignore_terminal_signals() -> None:
    """Ignore the signals that the terminal sends for keys and for background processes."""
    try:
        os.setpgid(0, 0)
    except OSError:
        pass  # it leads a process group already
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the mask is inherited from the program


def _open(name: str, inherited: int) -> int | None:
    try:
        opened = os.open(name, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return inherited if os.isatty(inherited) else None
    os.close(inherited)  # it may be a pipe, whose reader waits for its end
    return opened


def _supervise(tty: str, descriptor: int) -> int:
    """Run the loop in a child; if it is killed, release its rows and start another."""
    for _ in range(1 + MAX_RESTARTS):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = run_terminal(DrawTarget(tty, descriptor))
            finally:
                os._exit(status)
        _forward_signals(child)
        _, ended = os.waitpid(child, 0)
        region = RegionLock(descriptor)
        try:
            region.acquire()
        except OSError:
            return 0  # the terminal is gone
        finally:
            region.close()
        if not os.WIFSIGNALED(ended):
            return os.WEXITSTATUS(ended)
        clear_left(descriptor)
    return 0


def _forward_signals(child: int) -> None:
    """Forward SIGTERM and SIGHUP to the child that draws."""

    def forward(number: int, _frame: FrameType | None) -> None:
        try:
            os.kill(child, number)
        except OSError:
            pass  # it has ended already

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)


if __name__ == "__main__":
    sys.exit(main())
