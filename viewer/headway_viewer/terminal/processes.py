"""What is to be known of other processes by their pid: whether one lives, and its group."""

from __future__ import annotations

import os


def lives(pid: int) -> bool:
    """Whether it runs; one that has ended and only waits for its parent does not."""
    if group_of(pid) is None:
        return False
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return not os.path.isdir("/proc/self")


def group_of(pid: int) -> int | None:
    """Its process group, or None if there is no such process."""
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def members(group: int) -> int:
    """How many processes are in a group; 0 where there is no /proc to count them in."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return 0
    return sum(group_of(pid) == group for pid in pids)
