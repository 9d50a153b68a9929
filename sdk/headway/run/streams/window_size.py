"""The size of a terminal that a command may use: without the rows that a viewer may reserve."""

from __future__ import annotations

import fcntl
import struct
import termios

_SIZE = struct.Struct("HHHH")  # rows, columns, width and height in pixels


def usable_size(fd: int, *, reserved: bool) -> bytes:
    """Return the size of the terminal `fd`, less a third of its rows if they may be `reserved`.

    It is as TIOCSWINSZ takes it. Raise OSError where the terminal is gone.
    """
    size = fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * _SIZE.size)
    rows, columns, width, height = _SIZE.unpack(size)
    if reserved:
        height = height * (rows - rows // 3) // rows if rows else height
        rows -= rows // 3
    return _SIZE.pack(rows, columns, width, height)
