"""The window of a command's pty: its size, and the margins that the command may leave."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
import time

from headway.run.streams.command_margins import CommandMargins
from headway.run.streams.window_size import usable_size
from headway.terminal_mode import RAW

# A full-screen command sets margins to the rows that its pty had when it began.
_WHOLE_SCREEN = b"\x1b7\x1b[r\x1b8"
# Seconds for which a command has all rows: one that takes the whole screen sets its margins by the
# rows of its beginning (vim), and is known by its mode afterwards. No viewer draws before 0.5 s.
WHOLE_SECONDS = 1.0
_ROWS = struct.Struct("H")  # of a size of a terminal, the first number


class PtyWindow:
    """The window of the pty `master`, before the terminal behind descriptor `fd`.

    `reserved` tells whether a viewer may draw at the bottom: the pty then has the rows above, from
    WHOLE_SECONDS on and as long as its `mode` is not RAW, in which a command has the whole screen.
    """

    def __init__(self, fd: int, master: int, reserved: bool) -> None:
        self._fd = fd
        self._begun = time.monotonic()
        self._master = master
        self._reserved = reserved
        self._size = b""
        self._was_raw = False
        self._margins = CommandMargins()
        self.mode: str | None = None
        self.resize()

    def enter(self, mode: str | None) -> bool:
        """Give the pty the size that it has in `mode`; return what `resize` returns."""
        self.mode = mode
        self._was_raw = self._was_raw or mode == RAW
        return self.resize()

    def resize(self) -> bool:
        """Give the pty the size that the command may use; return whether it had another.

        The kernel tells that to the group that the pty controls, if there is any.
        """
        reserved = self._reserved and self.mode != RAW
        try:
            size = usable_size(self._fd, reserved=reserved and self._is_over())
            if size == self._size:
                return False
            fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
        except OSError:
            return False  # the terminal is gone: a hangup will follow
        had, self._size = self._size, size
        return bool(had)

    def _is_over(self) -> bool:
        return time.monotonic() - self._begun >= WHOLE_SECONDS

    def with_margins(self, data: bytes) -> bytes:
        """Return what the terminal is given for what the command writes; never raise.

        The margins that it sets are those of the rows that it is told of, unless it has all rows.
        """
        if not self._reserved or self.mode in (None, RAW):
            return data
        if b"\x1b" not in data and not self._margins.set:
            return data
        try:
            size = usable_size(self._fd, reserved=False)
        except OSError:
            return data  # the terminal is gone: a hangup will follow
        rows, told = (_ROWS.unpack_from(one or size)[0] for one in (size, self._size))
        return self._margins.pass_on(data, rows, told)

    def reset_margins(self) -> None:
        """Let the whole screen scroll again, after a command that had it or margins; never raise.

        Only in the foreground: elsewhere the screen is another program's, and the margins are owed
        until then. Where nothing is reserved the pty had all rows, and nothing of ours is written.
        """
        if (self._was_raw or self._margins.set) and self._reserved:
            try:
                os.write(self._fd, _WHOLE_SCREEN)
            except OSError:
                pass
        self._was_raw = False
        self._margins = CommandMargins()


def in_foreground(fd: int, *, uncontrolled: bool) -> bool:
    """Return whether the process group of this process has the terminal behind `fd`.

    Of a terminal that does not control this process that is unknown: `uncontrolled` is returned.
    """
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError as error:
        return uncontrolled and error.errno == errno.ENOTTY
