"""The descendants of a command that are still in its process group."""

from __future__ import annotations

import os

from headway.run.kernel.process_tree import process_tree


def descendants_in_group(pid: int) -> list[int]:
    """Return `pid` and its descendants in its process group, children after their parents.

    Without /proc return only `pid` itself.
    """
    try:
        group = os.getpgid(pid)
    except OSError:
        return [pid]
    return [
        pid,
        *(member for member in process_tree(pid) if member != pid and _is_in(member, group)),
    ]


def _is_in(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except OSError:
        return False  # it has just ended
