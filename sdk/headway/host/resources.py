"""What a process must have left before reporting may begin: threads, memory, descriptors.

libzmq aborts the program where it cannot have them, so that they are looked for before.
"""

from __future__ import annotations

import os

from headway.host import threads

DESCRIPTORS = 16  # that the thread and its connection may want, and then some
THREADS = 4  # beside the reporting one: the importing one, and libzmq's
MEMORY = 96 << 20  # bytes of addresses that they want, and what is imported


def has_resources() -> bool:
    """Return whether libzmq can have threads, memory and descriptors: it aborts without them."""
    import resource  # noqa: PLC0415 - not there on Windows

    bounds = {resource.RLIMIT_AS, getattr(resource, "RLIMIT_NPROC", resource.RLIMIT_AS)}
    limited = any(resource.getrlimit(bound)[0] != resource.RLIM_INFINITY for bound in bounds)
    return has_memory() and (not limited or threads.can_start(THREADS))


def has_memory() -> bool:
    """Return whether there are the descriptors and the address space that libzmq needs."""
    import resource  # noqa: PLC0415 - not there on Windows

    memory = resource.getrlimit(resource.RLIMIT_AS)[0]
    if memory != resource.RLIM_INFINITY and _addresses() + MEMORY > memory:
        return False
    return has_descriptors()


def has_descriptors() -> bool:
    """Return whether there are the descriptors that the reporting thread needs."""
    # Without `resource`: a file of the program may hide it, which is not looked for yet.
    limit = os.sysconf("SC_OPEN_MAX")
    try:
        used = len(os.listdir("/dev/fd"))
    except FileNotFoundError:  # no telling
        return True
    except OSError:
        return False
    return limit < 0 or used + DESCRIPTORS <= limit


def _addresses() -> int:
    """Return the bytes of address space that this process uses, 0 where that is unknown."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
