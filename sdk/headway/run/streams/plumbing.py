"""Decide which of the command's streams pass through Headway, and connect them.

A command that would see a terminal sees one, and one that would see a pipe or a file sees a
pipe; two streams of different files stay different, and two of one file stay one. On a terminal
only its outputs pass through a pty, unless it needs a controlling terminal of its own.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, NamedTuple

    from headway.run.streams.output_terminal import OutputTerminal
    from headway.run.streams.relayed_terminal import RelayedTerminal
else:
    from headway.light_typing import NamedTuple


class PumpedStream(NamedTuple):
    """A stream that is relayed from `source` to our own descriptor `target`, 1 or 2."""

    source: int
    target: int


class Plumbing:
    """The command's descriptors.

    `streams` maps 0…2 of the command to ours where they differ, `pumped` are those to relay,
    `output_terminal` is the real one where the command's outputs are a pty, `relayed_terminal`
    where all of its streams are.
    """

    def __init__(self) -> None:
        self.streams: dict[int, int] = {}
        self.pumped: list[PumpedStream] = []
        self.output_terminal: OutputTerminal | None = None
        self.relayed_terminal: RelayedTerminal | None = None
        self.on_terminal = False  # both outputs are one terminal, pumped as standard output
        self._side: int | None = None  # a pty for standard error alone

    @property
    def terminal(self) -> OutputTerminal | RelayedTerminal | None:
        """Return the real terminal, however the command is connected to it."""
        return self.output_terminal or self.relayed_terminal

    def terminals(self) -> frozenset[int]:
        """Return the devices of the terminals that the command may read from."""
        devices = {os.makedev(5, 0), _terminal(0)}  # /dev/tty, whichever it is, and its input
        if self.terminal is not None:
            try:
                devices.add(os.stat(self.terminal.name).st_rdev)
            except OSError:
                pass  # another mount of /dev/pts
        return frozenset(device for device in devices if device is not None)

    def input_pipe(self) -> tuple[int, int] | None:
        """Return (device, inode) of the standard input, where that is a pipe or socket."""
        try:
            status = os.fstat(0)
        except OSError:
            return None
        piped = stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
        return (status.st_dev, status.st_ino) if piped else None

    def close_child_ends(self) -> None:
        """Close the ends that the forked command holds by now."""
        for descriptor in set(self.streams.values()):
            os.close(descriptor)

    def widen_pipes(self) -> None:
        """Enlarge the buffers of the pipes, for fewer wake-ups for the same bytes."""
        if self.terminal is None:
            for stream in self.pumped:
                _widen(stream.source)

    def resize(self) -> None:
        """Pass on the new size of the real terminal."""
        if self.terminal is not None:
            self.terminal.resize()
        if self._side is not None:
            _copy_size(2, self._side)

    def connect_pipe(self, *numbers: int) -> None:
        """Give the command one pipe for `numbers`, which are the same file."""
        source, end = os.pipe()
        self.pumped.append(PumpedStream(source, numbers[0]))
        for number in numbers:
            self.streams[number] = end

    def connect_side_pty(self) -> None:
        """Give the command a terminal for its standard error that is not its controlling one."""
        import termios  # noqa: PLC0415 - not for pipes

        master, slave = os.openpty()
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST  # the real terminal does that
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self._side = master
        _copy_size(2, master)
        self.pumped.append(PumpedStream(master, 2))
        self.streams[2] = slave

    def connect_output_terminal(self, reserved: bool) -> None:
        """Give the command a pty for its outputs, and leave the terminal to be its input."""
        from headway.run.streams.output_terminal import OutputTerminal  # noqa: PLC0415 - not for pipes

        self.output_terminal = OutputTerminal(2, reserved)
        self.streams = {1: self.output_terminal.slave, 2: self.output_terminal.slave}
        self.pumped.append(PumpedStream(self.output_terminal.master, 1))

    def connect_relayed_terminal(self, reserved: bool, *, reads: bool) -> None:
        """Give the command a controlling pty of its own; `reads`: for its input, too."""
        from headway.run.streams.relayed_terminal import RelayedTerminal  # noqa: PLC0415 - few need it

        self.relayed_terminal = RelayedTerminal(2, reserved)
        self.streams = dict.fromkeys((0, 1, 2) if reads else (1, 2), self.relayed_terminal.slave)
        self.pumped.append(PumpedStream(self.relayed_terminal.master, 1))


def connect_streams(
    parses: bool, data_on_stdout: bool, reserved: bool, controlled: Callable[[], bool] = bool
) -> Plumbing:
    """Connect the command by what our own standard streams are.

    `parses` tells whether its output is parsed, `data_on_stdout` that standard output carries
    none of its progress, `reserved` that a viewer may draw on the terminal; `controlled()` tells
    whether the command needs a controlling terminal of its own.
    """
    plumbing = Plumbing()
    out, err = _terminal(1), _terminal(2)
    plumbing.on_terminal = out is not None and out == err
    if plumbing.on_terminal and controlled() and _controls_us(2):
        plumbing.connect_relayed_terminal(reserved, reads=_terminal(0) == out)
        return plumbing
    if not parses:
        return plumbing
    if plumbing.on_terminal:
        plumbing.connect_output_terminal(reserved)
        return plumbing
    out_open, err_open = _identity(1), _identity(2)
    same = out is None and err is None and out_open is not None and out_open == err_open
    if same and not data_on_stdout:
        plumbing.connect_pipe(1, 2)
        return plumbing
    if out is None and out_open is not None and not data_on_stdout:
        plumbing.connect_pipe(1)
    if err is None and err_open is not None:
        plumbing.connect_pipe(2)
    elif err is not None and data_on_stdout:
        plumbing.connect_side_pty()
    return plumbing


def _terminal(number: int) -> int | None:
    """Return the device of a standard stream that is a terminal."""
    try:
        return os.fstat(number).st_rdev if os.isatty(number) else None
    except OSError:
        return None


def _controls_us(fd: int) -> bool:
    """Return whether a terminal is the controlling one of this process."""
    try:
        os.tcgetpgrp(fd)
    except OSError:
        return False
    return True


def _identity(number: int) -> tuple[int, int] | None:
    """Return what tells the file behind a standard stream from others; None if it is closed."""
    try:
        status = os.fstat(number)
    except OSError:
        return None
    if stat.S_ISCHR(status.st_mode) and not os.isatty(number):
        return (-1, status.st_rdev)  # such as /dev/null: every opening is the same
    return (status.st_dev, status.st_ino)


def _widen(descriptor: int) -> None:
    """Enlarge a pipe's buffer where the system allows it."""
    import fcntl  # noqa: PLC0415 - the command is not to wait for it

    try:
        fcntl.fcntl(descriptor, getattr(fcntl, "F_SETPIPE_SZ", 1031), 1 << 20)
    except (OSError, ValueError):
        pass


def _copy_size(source: int, target: int) -> None:
    import fcntl  # noqa: PLC0415 - not for pipes
    import termios  # noqa: PLC0415

    try:
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    except OSError:
        pass
