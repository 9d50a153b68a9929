"""Pools: the operations of one name in the worker processes of one parent, which leave one receipt.

Pure. A pool of workers begins an operation for each of its tasks; what a person has waited for is
all of them together.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from headway.model import Operation
from headway.states import COMPLETED

# Seconds in which the only worker of a pool begins its next task, which takes it milliseconds.
# Several are hardly ever between two tasks at once, so theirs is over when none has one: a program
# that has its results may exit soon, and the receipt has to be out before the shell's prompt.
IDLE = 0.03
# Seconds: an operation that ended earlier, before the viewer, has no receipt unless its program
# still runs.
JUST_ENDED = 1.0


class Pool(NamedTuple):
    """The ended operations of a pool, in the order of their ends."""

    operations: list[Operation]

    @property
    def workers(self) -> int:
        """Return the number of its processes."""
        return len({operation.pid for operation in self.operations})

    @property
    def ended(self) -> float:
        """Return the time of the last end."""
        return max(one.ended or 0.0 for one in self.operations)

    @property
    def seconds(self) -> float:
        """Return the time from the first beginning to the last end."""
        begun = [one.started for one in self.operations if one.started is not None]
        return self.ended - min(begun) if begun else 0.0

    def leaves_receipt(self, now: float, runs: Callable[[Operation], bool]) -> bool:
        """Return whether it leaves a receipt: it has just ended, or a worker may wait for that.

        `runs(operation)` tells whether the worker of one is running.
        """
        if not any(one.receipt for one in self.operations):
            return False
        return now - self.ended <= JUST_ENDED + IDLE or any(map(runs, self.operations))


class _Members:
    __slots__ = ("ended", "idle_since", "open")

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.ended: list[Operation] = []
        self.idle_since: float | None = None

    def rests(self, now: float) -> bool:
        """Return whether no next task is about to begin."""
        if self.open:
            return False
        if self.idle_since is None or Pool(self.ended).workers > 1:
            return True
        return now - self.idle_since >= IDLE


class Pools:
    """The pools of one terminal."""

    def __init__(self) -> None:
        self._members: dict[tuple[int | str, str], _Members] = {}
        self._keys: dict[str, tuple[int | str, str]] = {}  # of open operations

    @property
    def idle(self) -> bool:
        """Return whether a pool has no open operation, so that `take` will soon return it."""
        return any(members.idle_since is not None for members in self._members.values())

    def begin(self, operation: Operation, of: int | str) -> None:
        """Take in an open operation of a worker: `of` is its parent process, or a rank's job."""
        key = (of, operation.name)
        members = self._members.setdefault(key, _Members())
        members.open.add(operation.id)
        members.idle_since = None
        self._keys[operation.id] = key

    def end(self, operation: Operation, now: float) -> bool:
        """Take in an end; return whether its pool leaves the receipt for it.

        What failed, was cancelled or stopped early has a receipt of its own.
        """
        key = self._keys.pop(operation.id, None)
        if key is None:
            return False
        members = self._members[key]
        members.open.discard(operation.id)
        counts = operation.state == COMPLETED and not operation.stopped
        if counts:
            members.ended.append(operation)
        if not members.open:
            members.idle_since = now
        return counts

    def forget(self, operation: str) -> None:
        """Drop an operation that was removed before it ended."""
        key = self._keys.pop(operation, None)
        if key is not None:
            self._members[key].open.discard(operation)

    def take(self, now: float) -> list[Pool]:
        """Return the pools that have no open operation, nor begin one; forget them."""
        done = [key for key, members in self._members.items() if members.rests(now)]
        pools = [Pool(self._members.pop(key).ended) for key in done]
        return [pool for pool in pools if pool.operations]
