"""How a process that is no child of ours has ended: its wait status, as the kernel keeps it.

Linux. A process that nobody has waited for shows it in proc(5); of one that is gone altogether a
pidfd tells it from Linux 6.15 on.
"""

from __future__ import annotations

import array
import sys

from headway.async_exceptions import reraise_async
from headway.host.process_status import STARTED, STATE, status_fields

STATUS = 52  # as proc(5) counts the fields
# _IOWR(0xFF, 11, struct pidfd_info) with the 64 bytes of its first version.
INFO_SIZE = 64
GET_INFO = 3 << 30 | INFO_SIZE << 16 | 0xFF << 8 | 11
INFO_EXIT = 1 << 3  # asks for the wait status, and says that it is there
STATUS_AT = 15  # in words of four bytes


def wait_status(pid: int, started: int | None, pidfd: int | None) -> int | None:
    """Return the wait status of a process that has ended; None where the kernel does not tell."""
    found = _of_pidfd(pidfd) if pidfd is not None else None
    return _of_zombie(pid, started) if found is None else found


def _of_zombie(pid: int, started: int | None) -> int | None:
    fields = status_fields(pid)
    if fields is None or len(fields) <= STATUS or fields[STATE] != "Z":
        return None
    return int(fields[STATUS]) if started in (None, int(fields[STARTED])) else None


def _of_pidfd(pidfd: int) -> int | None:
    import fcntl  # noqa: PLC0415 - nothing else of this module needs it

    info = array.array("I", bytes(INFO_SIZE))
    word = 0 if sys.byteorder == "little" else 1  # of the mask, which has 64 bits
    info[word] = INFO_EXIT
    try:
        fcntl.ioctl(pidfd, GET_INFO, info, True)
    except OSError as error:
        reraise_async(error)
        return None
    return info[STATUS_AT] if info[word] & INFO_EXIT else None
