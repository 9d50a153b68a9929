"""The fold of a stage: the steps that its counters took, added to its model.

`StepCounter`, a list of other steps and a `Source` count without the lock. The tally folds them
once a frame; whoever reads the count folds before.
"""

from __future__ import annotations

import sys

from headway.api.counts.step_counter import add_steps
from headway.api.lifecycle import Lifecycle
from headway.plain_values import clean_count
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, NamedTuple

    from headway.api.counts.step_counter import StepCounter
    from headway.api.interfaces import Whole
    from headway.api.scope import Scope
    from headway.model import Stage as Model
else:
    from headway.light_typing import NamedTuple


class Sum(NamedTuple):
    """The end of a fold: all that it is to set, in absolute values, so that it can be set again."""

    done: float
    beyond: bool
    stood: tuple[int, int] | None  # where the `StepCounter` was read, if there was one
    counted: float  # by the `Source`


class Source:
    """A counter that is polled: `count()` returns the number of items that are done."""

    __slots__ = ("codes", "done", "drawn", "stopped")

    def __init__(self, codes: tuple[Any, ...] = ()) -> None:
        self.codes = codes  # of the iterable, as of `loop_exits.codes_of`
        self.done = 0
        self.drawn: Any = None  # where the first item was fetched, a `traces.Place`
        self.stopped = False

    @property
    def in_work(self) -> int:
        """Return the number of items that were handed out and do not count as done: 0 or 1."""
        return 0

    def finish(self) -> None:
        """Count all items that were handed out as done."""

    def count(self) -> float:
        """Return the number of items that are done."""
        return self.done

    def stop(self) -> None:
        """Request that the iteration raises `Cancelled` at its next item."""
        self.stopped = True


class Folded(Lifecycle):
    """A stage whose model follows its counters by `_fold`."""

    __slots__ = (
        "_base",
        "_counted",
        "_counter",
        "_gathering",
        "_pending",
        "_source",
        "_told",
        "_updating",
        "model",
        "operation",
    )

    model: Model

    def __init__(self, operation: Whole, model: Model, around: Scope) -> None:
        super().__init__(around, block=False)
        self.operation = operation
        self.model = model
        self._counter: StepCounter | None = None
        # Steps that the counter does not count; and, first, the `Sum` of a fold that was cut short.
        self._pending: list[Any] = []
        self._gathering: FrameType | None = None  # that adds the steps
        self._source: Source | None = None
        self._counted: float = 0  # by the source, at the last fold
        self._base: float | None = None  # in a forked child: `done` at the fork
        self._told: float = 0  # `done` at the last fold
        self._updating = False  # awake, and counted by `update` alone: its fast path

    @property
    def done(self) -> float | None:
        """Return the count, in units; exact with any number of threads.

        None where that is beyond ±2**63: unknown until `update` says a count again.
        """
        with reporter().lock:
            self._fold()
        return None if self.model.beyond else self.model.done

    @property
    def foreign(self) -> bool:
        """Return whether it belongs to the process that this one was forked from."""
        return self._base is not None

    def _changed(self) -> None:
        own = reporter()
        own.publisher.changed(self.operation.model, self.model)
        own.wake()

    def _fold(self) -> bool:
        """Add the steps since the last fold to the model; return whether it moved.

        The lock is held.
        """
        moved = self._gather()
        done = self.model.done
        if done == self._told:
            return moved
        publisher = reporter().publisher
        if self._base is None:
            publisher.moved(self.model)
        else:
            publisher.share(self.operation.id, self.model, done - self._base)
        self._told = done
        return True

    def _gather(self) -> bool:
        """Add the steps since the last fold; return whether there were any.

        A signal's handler of the program may raise between any two instructions of this. So
        nothing is changed before one instruction puts the sum in the place of the steps; from
        then on the sum tells all that is to be set, and the next fold sets it again.
        """
        if self._gathering is not None and _is_running(self._gathering):
            return False  # in this very thread: a signal's handler has come in between
        self._gathering = sys._getframe()
        try:
            self._apply()
            sum_, steps = self._sum()
            if sum_ is None:
                return False
            self._updating = False
            self._pending[:steps] = (sum_,)
            self._apply()
            return True
        finally:
            self._gathering = None

    def _sum(self) -> tuple[Sum | None, int]:
        """Return what a fold is to set, None for nothing, and of how many pending steps."""
        model = self.model
        done: float | None = model.done
        counted = self._counted
        moved = False
        stood: tuple[int, int] | None = None
        if self._counter is not None:
            stood = self._counter.read()
            step = self._counter.steps(stood)
            if step != 0:
                moved = True
                done = None if step is None else clean_count(model.done + step)
        # Other threads may append meanwhile, without the lock: theirs stays for the next fold.
        steps = len(self._pending)
        if steps and done is not None:
            done = add_steps(done, self._pending[:steps])
        source = self._source
        if source is not None:
            counted = source.count()
            if counted != self._counted:
                moved = True
                if done is not None:
                    done = clean_count(done + counted - self._counted)
        if not (moved or steps):
            return None, 0
        if model.beyond or done is None:  # what is added to an unknown count leaves it so
            return Sum(model.done, True, stood, counted), steps
        return Sum(done, False, stood, counted), steps

    def _apply(self) -> None:
        """Set what a fold has come to, if one waits for that; twice does no harm."""
        pending = self._pending
        if not pending or type(pending[0]) is not Sum:
            return
        sum_ = pending[0]
        self._mark_beyond(beyond=sum_.beyond)
        self.model.done = sum_.done
        self._counted = sum_.counted
        if self._counter is not None and sum_.stood is not None:
            self._counter.set(sum_.stood)
        del pending[0]

    def _mark_beyond(self, *, beyond: bool) -> None:
        """Say whether its count is beyond what can be told, and so unknown."""
        model = self.model
        if model.beyond != beyond:
            if self._base is None:
                self._changed()
            model.beyond = beyond


def _is_running(frame: FrameType) -> bool:
    """Return whether what called us stands in `frame`."""
    caller: FrameType | None = sys._getframe(1)
    while caller is not None and caller is not frame:
        caller = caller.f_back
    return caller is not None
