"""A reserve of descriptors for the files of a program's end, where the program has used up all.

They are copies of a pipe of ours. Where the program has closed one, and opened a file of its own in
its place, that is told by device and inode, and left alone.
"""

from __future__ import annotations

import os

from headway.async_exceptions import reraise_async

KEPT = 3  # a directory, its spool folder, and a file in it
LEAST = 3  # the lowest number that one may have: those below are the program's streams

_kept: list[int] = []
_pipe: tuple[int, int] | None = None  # device and inode


def keep(descriptor: int) -> None:
    """Keep `KEPT` copies of a pipe's descriptor, as many as there are to be had."""
    global _pipe  # noqa: PLW0603
    import fcntl  # noqa: PLC0415 - not there on Windows

    _pipe = identity(descriptor)
    try:
        while len(_kept) < KEPT:
            _kept.append(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, LEAST))
    except OSError as error:
        reraise_async(error)


def give_up() -> bool:
    """Close the reserve; return whether there was any."""
    found = False
    while _kept:
        descriptor = _kept.pop()
        try:
            if identity(descriptor) == _pipe:
                os.close(descriptor)
                found = True
        except OSError as error:
            reraise_async(error)
            continue
    return found


def identity(descriptor: int) -> tuple[int, int]:
    """Return device and inode of what is open as `descriptor`. Raise OSError."""
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino
