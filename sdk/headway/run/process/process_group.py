"""The descendants of a command that are still in its process group."""

from __future__ import annotations

import os


def descendants_in_group(pid: int) -> list[int]:
    """Return `pid` and its descendants in its process group, children after their parents.

    Without /proc return only `pid` itself.
    """
    try:
        group = os.getpgid(pid)
        names = os.listdir("/proc")
    except OSError:
        return [pid]
    children: dict[int, list[int]] = {}
    for name in names:
        if name.isdigit():
            parent = _parent(name, group)
            if parent is not None:
                children.setdefault(parent, []).append(int(name))
    found = [pid]
    for member in found:
        found += children.get(member, ())
    return found


def other_members() -> list[int]:
    """Return the other processes of this process's group; none without /proc."""
    group = os.getpgrp()
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    return [pid for pid in pids if pid != os.getpid() and _parent(str(pid), group) is not None]


def signal_others(number: int) -> None:
    """Send a signal to the other processes of this process's group, as a key of a terminal does."""
    for pid in other_members():
        try:
            os.kill(pid, number)
        except OSError:
            pass  # it has just ended, or is another user's


def _parent(name: str, group: int) -> int | None:
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            # The name may hold anything, spaces and brackets too.
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]) if len(fields) > 2 and int(fields[2]) == group else None
