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
    from typing import Any, Callable, Iterator, NamedTuple, Protocol, Sequence

    from headway.nesting import Nested

    class Counter(Nested, Protocol):
        """A stage, as the tally uses it."""

        def _fold(self) -> bool: ...
        def _sleep(self) -> None: ...
        def _settle(self) -> bool: ...

    class Leavable(Nested, Protocol):
        """A stage or an operation that may be left without an end."""

        _left_at: Sequence[Any]  # the places of `loop_exits`

        @property
        def open(self) -> bool:
            """Return whether it has not ended."""
            ...

        def _tell_left(self) -> None: ...
        def _judge(self, when: float, state: str = ..., error: Any = None) -> None: ...

else:
    from headway.light_typing import NamedTuple

# Seconds between two polls of iterators that do not move: the most that one lags.
IDLE_POLL_MAX = 0.25
# What waits to be judged. Of a program that leaves more than this and goes on, the oldest are
# taken as stopped: memory is bounded.
LEFT_LIMIT = 500


class Left(NamedTuple):
    """A loop, or a generator's block, that was left at `when` in `thread`; not judged yet."""

    scope: Leavable
    when: float
    thread: int


class Tally:
    """Folds the steps of stages into their models, and marks them at the publisher."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._awake: dict[Counter, None] = {}
        self._recheck: dict[Counter, None] = {}  # put to sleep, and to be looked at once more
        self._iterated: dict[Counter, None] = {}
        self._last = self._next = float("-inf")  # look
        self._pause = WATCHED
        self._alone = False  # at the last look no broker had greeted the process
        self.left: list[Left] = []  # in that order
        self._untold: list[Left] = []  # those of them that nobody has been told of
        # While all are judged: scope → how many of them it is or encloses.
        self._enclosed: dict[Nested, int] | None = None

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
        if self._untold:
            self.collect_left()
        alone = self._publisher.welcome is None
        if self._alone and not alone:
            self._next = float("-inf")  # what it is told of first is to be new
        self._alone = alone
        if now < self._next or not (self._awake or self._recheck or self._iterated):
            return
        moved = False
        # A thread may have been within a step when its stage was put to sleep.
        recheck, self._recheck = self._recheck, {}
        for stage in recheck:
            moved = stage._settle() or moved
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
        # Where no broker is, nobody looks: each look takes the interpreter from the program.
        shortest = WATCHED if self._publisher.watched and not alone else UNWATCHED
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
        return float("-inf") if self._untold else due

    def leave(self, scope: Leavable, when: float, thread: int) -> None:
        """Note that `scope` was left without an end. Without the lock, from a finalizer."""
        item = Left(scope, when, thread)
        self.left.append(item)
        self._untold.append(item)

    def collect_left(self) -> None:
        """Let what was left say so: it encloses nothing any more, and waits to be judged."""
        while self._untold:
            item = self._untold.pop(0)
            if item.scope.open:
                item.scope._tell_left()
            else:
                self.drop(item.scope)
        while len(self.left) > LEFT_LIMIT:
            self._judge(self.left[0])

    def drop(self, scope: Leavable) -> None:
        """Judge `scope` no more: it has ended."""
        before = len(self.left)
        self.left = [item for item in self.left if item.scope is not scope]
        if self._enclosed is not None and len(self.left) < before:
            for around in _path(scope):
                self._enclosed[around] = self._enclosed.get(around, 0) - 1

    def rejoin(self, scope: Leavable) -> None:
        """Judge `scope`, which was left, as stopped: it is run again."""
        for item in [item for item in self.left if item.scope is scope]:
            self._judge(item)

    def judge_left(self, scope: Nested | None, state: str, error: object) -> None:
        """Judge what was left in `scope` (None: anywhere) by how `scope` came to `state`."""
        if scope is None:
            self._judge_all(state, error)
            return
        if self._enclosed is not None and self._enclosed.get(scope, 0) <= 0:
            return  # at the end of a program that left hundreds each of them asks
        left = list(self.left)
        inside = _inside(left, scope)
        for item in left:
            if item.scope in inside:
                self._judge(item, state, error)

    def _judge_all(self, state: str, error: object) -> None:
        left = list(self.left)
        self._enclosed = {}
        for item in left:
            for scope in _path(item.scope):
                self._enclosed[scope] = self._enclosed.get(scope, 0) + 1
        try:
            for item in left:
                self._judge(item, state, error)
        finally:
            self._enclosed = None

    def judge_thread(self, thread: int, state: str, error: object) -> None:
        """Judge what was left in a thread that ended by `error`."""
        self.judge_where(lambda item: item.thread == thread, state, error)

    def judge_where(
        self, applies: Callable[[Left], bool], state: str = "completed", error: object = None
    ) -> None:
        """Judge what was left and `applies` to, by how what it was in came to `state`."""
        for item in [item for item in self.left if applies(item)]:
            self._judge(item, state, error)

    def _judge(self, item: Left, state: str = "completed", error: object = None) -> None:
        # One that ends its operation with it has judged the others there meanwhile.
        if any(one is item for one in self.left):
            self.drop(item.scope)
            item.scope._judge(item.when, state, error)


def _path(scope: Nested | None) -> Iterator[Nested]:
    """Return a scope and all that is around it."""
    while scope is not None:
        yield scope
        scope = scope.around


def _inside(left: list[Left], around: Nested) -> set[Nested]:
    """Return those of the scopes that are `around`, or inside it, and what lies between.

    Each scope is looked at once: of loops within loops a thousand deep, every one that ends asks.
    """
    inside: set[Nested] = {around}
    outside: set[Nested] = set()
    for item in left:
        path: list[Nested] = []
        scope: Nested | None = item.scope
        while scope is not None and scope not in inside and scope not in outside:
            path.append(scope)
            scope = scope.around
        (inside if scope in inside else outside).update(path)
    return inside
