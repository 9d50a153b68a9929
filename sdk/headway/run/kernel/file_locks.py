"""Which process holds the file lock that another waits for, by the lines of /proc/locks. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Collection, Iterable


def find_holder(lines: Iterable[str], waiting: Collection[int]) -> int | None:
    """Return the pid that holds a lock which one of `waiting` waits for, or None.

    A line that waits ("1: -> POSIX …") has the number of the lock that stands in its way.
    """
    holders: dict[str, int] = {}
    for line in lines:
        words = line.split()
        blocked = len(words) > 1 and words[1] == "->"
        place = 5 if blocked else 4
        if len(words) <= place:
            continue
        try:
            pid = int(words[place])
        except ValueError:
            continue
        if not blocked:
            holders[words[0]] = pid
        elif pid in waiting and holders.get(words[0], -1) > 0:
            return holders[words[0]]
    return None
