"""The count of a stage: `advance`, the hot path, and `update`.

`advance` moves a `StepCounter`, which the tally folds into the model. Counts are stored as
reported: they may go down, pass the total or be negative; one beyond ±2**63 is unknown, and what
is no number is ignored.
"""

from __future__ import annotations

from _operator import is_, not_  # `operator` is 20 times as long to import
from itertools import repeat

from headway.api.counts.fold import Folded
from headway.api.counts.step_counter import EXACT, FORWARD, PLAIN, StepCounter, is_of_step
from headway.plain_values import COUNT_LIMIT, NAME_LIMIT, clean_count, clean_text, is_beyond
from headway.reporting.reporter import reporter
from headway.states import ENDED, PENDING, WAITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from headway.api.counts.fold import Source
    from headway.api.interfaces import Whole
    from headway.api.scope import Scope
    from headway.model import Stage as Model

# Seconds after its beginning in which the first count that `update` sets was there already: no work
# can have done it.
FRESH = 0.25

_ONE = 1
_LIST_MAX = 4096  # steps in the list (40 kB) from which on it is folded at once

# Where the first step after a rest goes: nothing is left, the function raises TypeError as it is
# for one argument, and `advance` wakes the thread. One of each for all stages.
_AT_REST: Iterator[None] = iter(())
_asleep: Callable[..., object] = not_
# Where the steps of an ended stage go: both accept anything and do nothing.
_discard_one: Iterator[None] = repeat(None)
_discard: Callable[[Any, int], object] = is_


class Counting(Folded):
    """A stage that counts: at rest until the first step, then without the lock."""

    __slots__ = ("_given", "_ones", "_steps")

    _steps: Callable[[Any, int], object]

    def __init__(self, operation: Whole, model: Model, around: Scope) -> None:
        super().__init__(operation, model, around)
        self._given: float = 0  # what is there already when it begins next
        self._ones = _AT_REST
        self._steps = _asleep

    @property
    def total(self) -> float | None:
        """Return the expected count, in units, or None while it is unknown."""
        return self.model.total

    def advance(self, n: float = 1) -> None:
        """Add `n` units to the count. Starts a stage that was not started."""
        if n is _ONE:  # a stranger's value is not asked whether it equals it
            for _ in self._ones:  # one step: it is cheaper than `next`, and nothing raises
                return
        else:
            try:
                self._steps(n, 1)
            except Exception as error:
                if not is_of_step(n, error):
                    raise  # by a signal's handler, after the step
            else:
                return
        self._count_otherwise(n)

    if not EXACT:

        def advance(self, n: float = 1) -> None:
            """Add `n` units to the count. Starts a stage that was not started."""
            steps = self._steps
            (self._awaken if steps is _asleep else steps)(n, FORWARD)

    def update(
        self,
        done: float | None = None,
        total: float | None = None,
        detail: str | None = None,
        unit: str | None = None,
    ) -> None:
        """Set the count and attributes; None leaves one as it is.

        `done` and `total` are units since the start, `detail` is what it is busy with.
        """
        model = self.model
        if (
            self._updating
            and detail is None
            and (type(done) is int or type(done) is float)
            and -COUNT_LIMIT < done < COUNT_LIMIT
            and (total is None or _same(total, model.total))
            and (unit is None or _same(unit, model.unit))
        ):
            model.done = done
            return
        own = reporter()
        with own.lock:
            if model.state in ENDED:
                return
            if done is not None:
                if model.state in (PENDING, WAITING):
                    self.start()
                self._gather()
                count = clean_count(done)
                if count is not None and count > 1 and self._is_fresh(own.clock()):
                    self._start_at(count)
                elif count is not None:
                    model.done = count
                if count is not None or is_beyond(done):
                    self._mark_beyond(beyond=count is None)
                self._updating = (
                    self._steps is _asleep
                    and self._source is None
                    and not (model.beyond or self._pending)
                )
                own.tally.wake(self)
            if self._base is None:
                before = (model.total, model.detail)
                if total is not None:
                    model.total = clean_count(total)
                if detail is not None:
                    model.detail = clean_text(detail)
                if unit is not None and model.unit != clean_text(unit, NAME_LIMIT):
                    model.unit = clean_text(unit, NAME_LIMIT)
                    self._changed()
                elif before != (model.total, model.detail):
                    own.publisher.moved(model, more=True)
        own.wake_resting()

    def _is_fresh(self, now: float) -> bool:
        """Return whether it has just begun: what its first `update` says was there already."""
        model = self.model
        return (
            self._base is None
            and not model.done
            and not model.initial
            and not model.beyond
            and model.started is not None
            and now - model.started <= FRESH
        )

    def _start_at(self, count: float) -> None:
        """Say that `count` units were there already; the lock is held."""
        self.model.initial = self.model.done = count
        self._changed()

    def _awaken(self, n: Any, _forward: int) -> None:
        # The first step after a rest: it wakes the thread, later ones are only counted.
        own = reporter()
        with own.lock:
            if self.model.state in ENDED:
                return
            if self.model.state in (PENDING, WAITING):
                self.start()
            self._updating = False
            # First: a stage that is polled in vain goes to sleep, one that is not never wakes.
            own.tally.wake(self)
            own.wake_resting()
            self._count_on(n)
            self._pending.append(n)

    def _count_on(self, n: Any) -> None:
        """Count further steps like `n` at the least cost."""
        self._steps = self._collect
        if EXACT:
            if self._counter is None:
                self._counter = StepCounter()
            self._ones = self._counter.ones
            if type(n) is int:
                self._steps = self._counter.add

    def _collect(self, n: Any, _forward: int) -> None:
        self._pending.append(n)
        if len(self._pending) > _LIST_MAX:
            with reporter().lock:
                self._fold()

    def _count_otherwise(self, n: Any) -> None:
        """Count a step that the counter has not taken: at rest, no integer or too large."""
        with reporter().lock:
            if self.model.state in ENDED:
                return
            if self._ones is not _AT_REST:
                self._steps = self._collect
                self._collect(n, FORWARD)
                return
        self._awaken(n, FORWARD)

    def _count_with(self, source: Source) -> None:
        own = reporter()
        with own.lock:
            self._counted = 0
            self._source = source
            own.tally.iterate(self)
        own.wake()

    def _sleep(self) -> None:
        self._rest()
        self._fold()  # steps since the last fold

    def _settle(self) -> bool:
        counter = self._counter
        # Before the fold: nobody comes to it any more, so that the fold has every step.
        free = counter is not None and self._steps is _asleep and not counter.is_held
        moved = self._fold()
        if free and self._steps is _asleep and not self._pending:
            self._counter = None
        return moved

    def _rest(self) -> None:
        """Let the next step wake the thread."""
        self._updating = False
        self._ones = _AT_REST
        self._steps = _asleep

    def _close(self) -> None:
        """Stop counting: it or its operation has ended."""
        reporter().tally.forget(self)
        self._updating = False
        self._ones = _discard_one
        self._steps = _discard
        self._source = None
        self._counter = None
        self._pending.clear()

    def _forked(self) -> None:
        """Turn it into a forked child's copy: what it counts from now on is a share."""
        if self.model.open:
            self._gather()
            self._base = self._told = self.model.done
            self._rest()
        else:
            self._base = 0


def _same(value: Any, known: Any) -> bool:
    """Return whether `value` is plain and `known`; a stranger's type is not asked."""
    return value is known or (type(value) in PLAIN and value == known)
