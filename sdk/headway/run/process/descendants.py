"""The descendants of a process, as the kernel lists them."""

from __future__ import annotations

import os

# Processes of a command that are looked at: a build of hundreds asks nothing.
_PROCESSES_LIMIT = 64


def descendants(pid: int) -> list[int]:
    """Return `pid` and its descendants, parents first; only `pid` where no more is told."""
    found = [pid]
    for member in found:
        try:
            for task in os.listdir(f"/proc/{member}/task"):
                with open(f"/proc/{member}/task/{task}/children", "rb") as file:
                    found += map(int, file.read().split())
        except OSError:
            continue
        if len(found) > _PROCESSES_LIMIT:
            break
    return found
