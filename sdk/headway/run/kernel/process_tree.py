"""The processes of a command: its descendants, and what /proc tells of one of them. Linux."""

from __future__ import annotations

import os

from headway.host.process_status import (
    FLAGS,
    NAME,
    PARENT,
    STARTED,
    STATE,
    THREADS,
    TIMES,
    status_fields,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple

STOPPED = "T"  # by a signal
ZOMBIE = "Z"
DEAD = "X"
TREE_LIMIT = 512  # processes of one command that are looked at


class Status(NamedTuple):
    """What /proc/PID/stat tells: program, state letter, parent, start in clock ticks since boot.

    `program` has at most 15 characters. `cpu` is in clock ticks, its own and that of the children
    it has waited for; `flags` are the kernel's, `threads` how many it has.
    """

    program: str
    state: str
    parent: int
    started: int
    flags: int
    cpu: int
    threads: int


def process_status(pid: int) -> Status | None:
    """Return the status of a process; None where there is none, or it cannot be read."""
    fields = status_fields(pid)
    if fields is None:
        return None
    return Status(
        fields[NAME],
        fields[STATE],
        int(fields[PARENT]),
        int(fields[STARTED]),
        int(fields[FLAGS]),
        sum(map(int, fields[TIMES : TIMES + 4])),
        int(fields[THREADS]),
    )


def is_stopped(pid: int) -> bool | None:
    """Return whether a process is stopped by a signal; None where that is unknown."""
    status = process_status(pid)
    return None if status is None else status.state == STOPPED


def process_tree(root: int) -> list[int]:
    """Return a process and its descendants, parents first, at most `TREE_LIMIT`.

    Reads the lists of children of these alone, never all of /proc.
    """
    found = [root]
    for pid in found:
        if len(found) >= TREE_LIMIT:
            break
        found += children(pid)
    return found[:TREE_LIMIT]


def walk(root: int) -> dict[int, Status]:
    """Return the status of a process and of its descendants, parents first, at most `TREE_LIMIT`.

    Reads the lists of children of these alone, never all of /proc.
    """
    found: dict[int, Status] = {}
    todo = [root]
    for pid in todo:
        status = process_status(pid)
        if status is not None:
            found[pid] = status
            if len(todo) < TREE_LIMIT:
                todo += children(pid, threads=status.threads)
                del todo[TREE_LIMIT:]
    return found


def children(pid: int, *, threads: int | None = None) -> list[int]:
    """Return the children of a process, those of each thread; none where that is unknown.

    Where it is known to have one thread, no list of them is read.
    """
    found: list[int] = []
    try:
        tasks = [str(pid)] if threads == 1 else os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for thread in tasks:
        try:
            descriptor = os.open(f"/proc/{pid}/task/{thread}/children", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            found += map(int, os.read(descriptor, 1 << 16).split())
        except (OSError, ValueError):
            pass
        finally:
            os.close(descriptor)
    return found
