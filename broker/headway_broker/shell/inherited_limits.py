"""Undo what the broker inherits of the program that happened to start it.

Its processors, soft limits and nice value are that program's alone; the broker serves every
later one. What the kernel does not permit stays: a hard limit of a user, a better nice value.
"""

from __future__ import annotations

import os
import resource

from headway.host.resources import LIMITS

DESCRIPTORS = "RLIMIT_NOFILE"  # of which the kernel has a limit of its own


def forget_starter() -> None:
    """Reset processors, soft limits and nice value of this process, as far as that is permitted."""
    if hasattr(os, "sched_setaffinity"):
        try:
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
        except OSError:
            pass
    for name in (*LIMITS, DESCRIPTORS):
        limit = getattr(resource, name, None)
        if limit is None:
            continue
        hard = resource.getrlimit(limit)[1]
        for wanted in (hard if name == DESCRIPTORS else resource.RLIM_INFINITY, hard):
            try:
                resource.setrlimit(limit, (wanted, wanted))  # root alone may have more
                break
            except (OSError, ValueError):
                pass
    try:
        if os.getpriority(os.PRIO_PROCESS, 0) > 0:
            os.setpriority(os.PRIO_PROCESS, 0, 0)
    except OSError:
        pass
