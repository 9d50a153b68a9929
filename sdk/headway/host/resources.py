"""What a process must have left before reporting may begin: threads, memory, descriptors.

libzmq aborts the program where it cannot have them, so that they are looked for before.
"""

from __future__ import annotations

import os

from headway.async_exceptions import reraise_async
from headway.host import importing, threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DESCRIPTORS = 16  # that the thread and its connection may want, and then some
THREADS = 4  # beside the reporting one: the importing one, and libzmq's
# What is ample: most users have a tenth of it in use. With less it is tried what is left, which
# takes longer than all else before a command begins.
AMPLE_PROCESSES = 1024
AMPLE_DESCRIPTORS = 256
# What keeps a broker from storing, or ends it after a while, if it is limited.
LIMITS = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE")
MAX_LIMIT = 1 << 62  # bytes of addresses: no limit that anybody sets
MEMORY = 96 << 20  # bytes of addresses that they want, and what is imported


def has_resources() -> bool:
    """Return whether libzmq can have threads, memory and descriptors: it aborts without them."""
    resource = _resource()
    bounds = {resource.RLIMIT_AS, getattr(resource, "RLIMIT_NPROC", resource.RLIMIT_AS)}
    limited = any(resource.getrlimit(bound)[0] != resource.RLIM_INFINITY for bound in bounds)
    return has_memory() and (not limited or threads.can_start(THREADS))


def _resource() -> Any:
    with importing.lock:
        import resource  # noqa: PLC0415 - not there on Windows

    return resource


def fixed_limits() -> int:
    """Return how many limits a broker that this process starts cannot lift: those of a user."""
    resource = _resource()
    kinds = [getattr(resource, name) for name in LIMITS if hasattr(resource, name)]
    return sum(resource.getrlimit(kind)[1] != resource.RLIM_INFINITY for kind in kinds)


def are_ample() -> bool:
    """Return whether the limits of this process leave so much that nothing need be tried.

    False where that is not known, as without /proc.
    """
    wanted = {
        b"Max address space": MAX_LIMIT,
        b"Max processes": AMPLE_PROCESSES,
        b"Max open files": AMPLE_DESCRIPTORS,
    }
    try:
        with open("/proc/self/limits", "rb") as file:
            lines = file.read().splitlines()
    except OSError as error:
        reraise_async(error)
        return False
    for line in lines:
        least = wanted.pop(line[:26].rstrip(), None)
        if least is not None:
            limit = line[26:].split()[0]
            if limit != b"unlimited" and int(limit) < least:
                return False
    return not wanted and _is_ample_group()


def _is_ample_group() -> bool:
    """Return whether the control group of a container may have many processes."""
    for path in ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"):
        try:
            with open(path, "rb") as file:
                limit = file.read().strip()
        except OSError as error:
            reraise_async(error)
            continue
        return limit == b"max" or int(limit) >= AMPLE_PROCESSES
    return True


def has_memory() -> bool:
    """Return whether there are the descriptors and the address space that libzmq needs."""
    resource = _resource()
    memory = resource.getrlimit(resource.RLIMIT_AS)[0]
    if memory != resource.RLIM_INFINITY and _addresses() + MEMORY > memory:
        return False
    return has_descriptors() and _has_eventfd()


def _has_eventfd() -> bool:
    """Return whether the system allows what libzmq wakes its threads by, where that can be told."""
    try:
        make = getattr(os, "eventfd", None)  # from Python 3.10 on, on Linux
        if make is not None:
            os.close(make(0))
        elif _is_filtered():
            with importing.lock:
                import ctypes  # noqa: PLC0415 - an older Python in a container

            made = int(ctypes.CDLL(None).eventfd(0, 0))
            if made < 0:
                return False
            os.close(made)
    except OSError as error:  # a seccomp profile
        reraise_async(error)
        return False
    except (ImportError, AttributeError):  # no telling
        return True
    return True


def _is_filtered() -> bool:
    """Return whether a seccomp profile filters the calls of this thread."""
    try:
        with open("/proc/thread-self/status", "rb") as file:
            return b"\nSeccomp:\t2" in file.read()
    except OSError as error:
        reraise_async(error)
        return False


def has_descriptors() -> bool:
    """Return whether there are the descriptors that the reporting thread needs."""
    # Without `resource`: a file of the program may hide it, which is not looked for yet.
    limit = os.sysconf("SC_OPEN_MAX")
    try:
        used = len(os.listdir("/dev/fd"))
    except FileNotFoundError:  # no telling
        return True
    except OSError as error:
        reraise_async(error)
        return False
    return limit < 0 or used + DESCRIPTORS <= limit


def occupy_standard_descriptors() -> None:
    """Open what is closed of descriptors 0 to 2, so that none of ours comes there. Raise OSError.

    The program, a library or a child would take it for standard input or output. To read from the
    first and to write to the others stays the error that it was, and children find them closed.
    """
    for descriptor, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError as error:
            reraise_async(error)
            opened = os.open(os.devnull, mode | os.O_CLOEXEC)  # the lowest that is free
            if opened != descriptor:  # another thread was quicker
                os.close(opened)


def _addresses() -> int:
    """Return the bytes of address space that this process uses, 0 where that is unknown."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError) as error:
        reraise_async(error)
        return 0
