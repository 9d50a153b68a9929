"""What the kernel tells of a process (Linux): its fields, its start, if it is stopped, its end."""

from __future__ import annotations

import os
import sys

from headway.async_exceptions import reraise_async

# The numbers of fields, as proc(5) counts them; TIMES is the first of four.
NAME, STATE, PARENT, SESSION, TERMINAL = 2, 3, 4, 6, 7
FLAGS, TIMES, THREADS, STARTED = 9, 14, 20, 22
CODE, CODE_END, STACK = 26, 27, 28
STATUS = 52
READ_BYTES = 4096  # it has some 300
# Of a pidfd: _IOWR(0xFF, 11, struct pidfd_info) with the 64 bytes of its first version.
INFO_SIZE = 64
GET_INFO = 3 << 30 | INFO_SIZE << 16 | 0xFF << 8 | 11
INFO_EXIT = 1 << 3  # asks for the wait status, and says that it is there
INFO_STATUS = 15  # where it is, in words of four bytes


def status_fields(pid: int | str) -> list[str] | None:
    """Return the fields of a process's status, each at its number; None if unreadable.

    The name stands in parentheses and may hold anything, spaces, parentheses and newlines too: the
    fields go on behind the last one.
    """
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reraise_async(error)
        return None
    try:
        head, _, rest = os.read(descriptor, READ_BYTES).decode("utf-8", "replace").rpartition(")")
    except OSError as error:
        reraise_async(error)
        return None  # it has ended meanwhile
    finally:
        os.close(descriptor)
    number, _, name = head.partition("(")
    fields = ["", number.strip(), name, *rest.split()]
    return fields if len(fields) > STARTED else None


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot, or None where that is unknown.

    A pid is used again; a pid with its start time is not.
    """
    fields = status_fields(pid)
    return None if fields is None else int(fields[STARTED])


def standstill(pid: int) -> bytes | None:
    """Return what stays the same for as long as a process is stopped, or None where it is not.

    It tells how often the process has given up a processor: one that goes on for a moment, and is
    stopped again, returns something else.
    """
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            status = file.read()
    except (OSError, ValueError) as error:
        reraise_async(error)
        return None
    if b"\nState:\tT" not in status and b"\nState:\tt" not in status:
        return None
    return status.partition(b"\nvoluntary_ctxt_switches")[2] or None


def wait_status(pid: int, started: int | None, pidfd: int | None) -> int | None:
    """Return the wait status of a process that has ended; None where the kernel does not tell.

    A process that nobody has waited for shows it in proc(5); of one that is gone altogether a
    pidfd tells it from Linux 6.15 on.
    """
    found = _of_pidfd(pidfd) if pidfd is not None else None
    return _of_zombie(pid, started) if found is None else found


def _of_zombie(pid: int, started: int | None) -> int | None:
    fields = status_fields(pid)
    if fields is None or len(fields) <= STATUS or fields[STATE] != "Z":
        return None
    return int(fields[STATUS]) if started in (None, int(fields[STARTED])) else None


def _of_pidfd(pidfd: int) -> int | None:
    import array  # noqa: PLC0415 - the worker side does without it
    import fcntl  # noqa: PLC0415

    info = array.array("I", bytes(INFO_SIZE))
    word = 0 if sys.byteorder == "little" else 1  # of the mask, which has 64 bits
    info[word] = INFO_EXIT
    try:
        fcntl.ioctl(pidfd, GET_INFO, info, True)
    except OSError as error:
        reraise_async(error)
        return None
    return info[INFO_STATUS] if info[word] & INFO_EXIT else None
