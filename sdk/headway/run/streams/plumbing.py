"""Which of the command's streams go through Headway, and how.

A command that saw a terminal sees one, and one that saw a pipe or a file sees a pipe; two
streams that were different things stay different things, and one thing stays one.
"""

from __future__ import annotations

import fcntl
import os
import stat
import termios

from headway.run.streams.terminal import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple


class Through(NamedTuple):
    """A stream that is pumped: from `source` to our own descriptor `target`, 1 or 2."""

    source: int
    target: int


class Layout:
    """The command's descriptors.

    `streams` maps 0…2 of the command to ours where they differ, `pumped` are those to copy,
    `terminal` is the real one, where the command gets a pty instead of it.
    """

    def __init__(self) -> None:
        self.streams: dict[int, int] = {}
        self.pumped: list[Through] = []
        self.terminal: Terminal | None = None
        self._side: int | None = None  # a pty for standard error alone

    def opened(self) -> None:
        """The command has been forked: its ends are its own."""
        for descriptor in set(self.streams.values()):
            os.close(descriptor)

    def resize(self) -> None:
        """The real terminal has another size."""
        if self.terminal is not None:
            self.terminal.resize()
        if self._side is not None:
            _copy_size(2, self._side)

    def pipe(self, *numbers: int) -> None:
        """Give the command a pipe for `numbers`, which are one thing."""
        source, end = os.pipe()
        _widen(source)
        self.pumped.append(Through(source, numbers[0]))
        for number in numbers:
            self.streams[number] = end

    def side(self) -> None:
        """Give the command a terminal for standard error that is not its controlling one."""
        master, slave = os.openpty()
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST  # the real terminal does that
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self._side = master
        _copy_size(2, master)
        self.pumped.append(Through(master, 2))
        self.streams[2] = slave


def lay_out(look: bool, data: bool, reserved: bool) -> Layout:
    """Decide by what our own standard streams are.

    `look` tells that the output is of interest, `data` that standard output carries none of
    the tool's progress, `reserved` that a viewer may draw on the terminal.
    """
    layout = Layout()
    out, err = _terminal(1), _terminal(2)
    if out is not None and out == err:
        layout.terminal = Terminal(2, reserved)
        slave = layout.terminal.slave
        layout.streams = {1: slave, 2: slave}
        if _terminal(0) == out:
            layout.streams[0] = slave
        layout.pumped.append(Through(layout.terminal.master, 1))
        return layout
    if not look:
        return layout
    out_open, err_open = _identity(1), _identity(2)
    same = out is None and err is None and out_open is not None and out_open == err_open
    if same and not data:
        layout.pipe(1, 2)
        return layout
    if out is None and out_open is not None and not data:
        layout.pipe(1)
    if err is None and err_open is not None:
        layout.pipe(2)
    elif err is not None and data:
        layout.side()
    return layout


def _terminal(number: int) -> int | None:
    """Return the device of a standard stream that is a terminal."""
    try:
        return os.fstat(number).st_rdev if os.isatty(number) else None
    except OSError:
        return None


def _identity(number: int) -> tuple[int, int] | None:
    try:
        status = os.fstat(number)
    except OSError:
        return None
    if stat.S_ISCHR(status.st_mode) and not os.isatty(number):
        return (-1, status.st_rdev)  # such as /dev/null: every opening is the same
    return (status.st_dev, status.st_ino)


def _widen(descriptor: int) -> None:
    """Let a pipe hold more, where that can be asked for: fewer turns for the same bytes."""
    try:
        fcntl.fcntl(descriptor, getattr(fcntl, "F_SETPIPE_SZ", 1031), 1 << 20)
    except (OSError, ValueError):
        pass


def _copy_size(source: int, target: int) -> None:
    try:
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    except OSError:
        pass
