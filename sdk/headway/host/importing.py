"""The lock of the imports that our threads make: no fork falls into the middle of one.

A module of which another thread has run half at a fork stays half a module in the child: who
imports it there fails, or waits for that thread for ever, be it a module of the standard library
that the program needs. So our threads import under `lock`, and the thread that forks takes it
first (`headway.reporting.forks`).
"""

from __future__ import annotations

from _thread import RLock

lock = RLock()


def renew() -> None:
    """Put another lock in its place, in a forked child: there nobody releases the one it has."""
    global lock  # noqa: PLW0603 - one per process
    lock = RLock()
