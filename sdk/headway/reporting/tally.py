"""Polling of the counters: which stages to fold into their models, and when to poll again. Pure.

The hot path of a stage only counts. While a stage is awake, its count is folded once a frame; a
stage that did not move is put to sleep, and its next step wakes it and the reporting thread. So
a stage at rest costs nothing, and the first step after a rest is sent at once, or with the next
poll where one is due within a frame. Iterators cannot wake the thread: they are polled while
they are open, with back-off while they do not move.
"""

from __future__ import annotations

from headway.reporting.publisher import UNWATCHED, WATCHED, Publisher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple, Protocol

    from headway.host.propagation import Nested

    class Counter(Nested, Protocol):
        """A stage, as the tally uses it."""

        solo: bool

        @property
        def operation(self) -> Nested:
            """Return its operation."""
            ...

        def _fold(self) -> bool: ...
        def _sleep(self) -> None: ...
        def _stopped(self, when: float, state: str = ..., error: Any = None) -> None: ...

else:
    from headway.light_typing import NamedTuple

# Seconds between two polls of iterators that do not move: the most that one lags.
IDLE_POLL_MAX = 0.25
GRACE = 0.25  # seconds after which a `track` that was left early counts as completed


class Left(NamedTuple):
    """A `track` that was left early at `when`, and has not ended yet."""

    stage: Counter
    when: float


class Tally:
    """Folds the steps of stages into their models, and marks them at the publisher."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._awake: dict[Counter, None] = {}
        self._recheck: dict[Counter, None] = {}  # put to sleep, and to be looked at once more
        self._iterated: dict[Counter, None] = {}
        self._last = self._next = float("-inf")  # look
        self._pause = WATCHED
        self.left: list[Left] = []  # in that order

    def wake(self, stage: Counter) -> None:
        """Poll `stage` from now on: it made a step after a rest."""
        self._awake[stage] = None
        self._recheck.pop(stage, None)  # else it would be folded twice, and found at rest
        self._pause = WATCHED
        self._next = min(self._next, self._last + WATCHED)

    def iterate(self, stage: Counter) -> None:
        """Poll `stage` while it is open: an iterator counts for it."""
        self._iterated[stage] = None
        self._next = float("-inf")
        self._pause = WATCHED

    def forget(self, stage: Counter) -> None:
        """Poll `stage` no longer: it has ended."""
        self._awake.pop(stage, None)
        self._recheck.pop(stage, None)
        self._iterated.pop(stage, None)

    def tick(self, now: float) -> None:
        """Fold what is due at `now`."""
        if self.left:
            self._settle_left(now)
        if now < self._next or not (self._awake or self._recheck or self._iterated):
            return
        moved = False
        # A thread may have been within a step when its stage was put to sleep.
        recheck, self._recheck = self._recheck, {}
        for stage in recheck:
            moved = stage._fold() or moved
        for stage in list(self._awake):
            if stage._fold():
                moved = True
            else:
                self._awake.pop(stage, None)
                self._recheck[stage] = None
                stage._sleep()
        if not self._awake:
            self._awake = {}  # an emptied one would keep its memory
        for stage in list(self._iterated):
            moved = stage._fold() or moved
        shortest = WATCHED if self._publisher.watched else UNWATCHED
        if moved or self._awake or self._recheck:
            self._pause = min(shortest, self._pause * 2)
        else:
            self._pause = max(shortest, min(self._pause * 1.2, IDLE_POLL_MAX))
        self._last = now
        self._next = now + self._pause

    def rest(self) -> None:
        """Put all stages to sleep: there is no thread, and the next step shall start one."""
        for stage in list(self._awake):
            stage._sleep()
        self._awake = {}

    def finish(self) -> None:
        """Fold all stages for the last time."""
        for stage in [*self._awake, *self._recheck, *self._iterated]:
            stage._fold()

    def deadline(self) -> float | None:
        """Return when to call `tick`, or None: not before a stage wakes."""
        due = self._next if self._awake or self._recheck or self._iterated else None
        if self.left:
            grace = self.left[0].when + GRACE
            due = grace if due is None else min(due, grace)
        return due

    def leave(self, stage: Counter, when: float) -> None:
        """Note that the iterator of `stage` was left early. Without the lock, from a finalizer."""
        self.left.append(Left(stage, when))

    def settle_left(self, scope: Nested, state: str, error: object) -> None:
        """End the tracks in `scope` that were just left early, as `scope` comes to `state`."""
        for item in list(self.left):
            # One that ends its operation with it has settled the others there meanwhile.
            if item in self.left and _is_in(item.stage, scope):
                self.left.remove(item)
                item.stage._stopped(item.when, state, error)

    def settle_alone(self, scope: Nested) -> bool:
        """End the operation of a lone `track` that was just left, if `scope` is in it.

        Return whether it has ended.
        """
        for item in list(self.left):
            stage = item.stage
            if stage.solo and item in self.left and _is_in(scope, stage.operation):
                self.left.remove(item)
                stage._stopped(item.when)
                return True
        return False

    def _settle_left(self, now: float) -> None:
        while self.left and now >= self.left[0].when + GRACE:
            left = self.left.pop(0)
            left.stage._stopped(left.when)


def _is_in(scope: Nested | None, around: Nested) -> bool:
    """Return whether `scope` is `around`, or inside it."""
    while scope is not None and scope is not around:
        scope = scope.around
    return scope is not None
