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


def _parent(name: str, group: int) -> int | None:
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            # The name may hold anything, spaces and brackets too.
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return int(fields[1]) if len(fields) > 2 and int(fields[2]) == group else None
