"""Standard streams that are closed, or that nobody reads: what `headway` does then."""

from __future__ import annotations

import errno
import os
import sys

# What a write to standard output fails with for good.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def open_closed_streams() -> None:
    """Open /dev/null as a standard stream that was closed by `>&-` or `2>&-`."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115


def discard_stderr() -> None:
    """Point standard error at /dev/null: whoever has it is not to read what Python says of us."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    os.close(sink)


def has_no_room(error: OSError) -> bool:
    """Return whether it was raised by a write to a stream that takes nothing any more."""
    return error.errno in _NO_ROOM and error.filename is None


def silence_stdout() -> int:
    """Point standard output at /dev/null once its reader has gone; return the exit status, 0.

    Otherwise Python reports a broken pipe when it flushes at exit.
    """
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
    return 0
