"""`Stage`, the handle of a program: counting, life-cycle, nested stages.

`advance` is the hot path: it moves a `StepCounter`, which the tally folds into the model. All
other methods take the reporter's lock for a moment. Counts are stored as reported: they may go
down, pass the total or be negative; one beyond ±2**63 is unknown, what is no number is ignored,
and a name, detail or reason is cut at its limit.
"""

from __future__ import annotations

import sys
from _operator import is_  # `operator` is 20 times as long to import
from itertools import repeat

from headway.api.lifecycle import AT_WORK, Lifecycle
from headway.api.step_counter import EXACT, FORWARD, StepCounter
from headway.model import (
    CANCELLED,
    COMPLETED,
    COUNT_LIMIT,
    ENDED,
    FAILED,
    NAME_LIMIT,
    PENDING,
    SKIPPED,
    WAITING,
    clean_count,
    clean_text,
    is_beyond,
)
from headway.model import Stage as Model
from headway.reporting import traces
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, Iterable, Iterator, NamedTuple, Protocol, TypeVar

    from headway.api.cancellation import Request
    from headway.api.scope import Scope
    from headway.host.propagation import Nested
    from headway.model import Operation
    from headway.reporting.reporter import Reporter

    Item = TypeVar("Item")

    class Whole(Protocol):
        """The operation of a stage: always a `headway.Operation`."""

        block: bool
        inner: dict[Nested, None] | None
        left: bool
        model: Operation
        request: Request | None

        @property
        def around(self) -> Scope | None:
            """Return the scope that it is in, or None."""

        @property
        def cancelled(self) -> bool:
            """Return whether it is cancelled or requested to be."""
            ...

        @property
        def id(self) -> str:
            """Return its id: 12 base-32 characters."""
            ...

        @property
        def thread(self) -> int:
            """Return the thread that opened it."""
            ...

        @property
        def open(self) -> bool:
            """Return whether it has not ended."""
            ...

        @property
        def path(self) -> str:
            """Return its id."""
            ...

        def check_cancelled(self) -> None:
            """Raise `Cancelled` if it is requested to be cancelled."""

        def log(self, line: str, stage: Stage | int | None = None) -> None:
            """Report a line of output."""

        def stage(
            self,
            name: str,
            total: float | None = ...,
            unit: str | None = ...,
            parent: Any = ...,
            initial: float = ...,
        ) -> Stage:
            """Return the stage of that name."""
            ...

        def track(
            self,
            items: Iterable[Item],
            name: str | None = ...,
            total: float | None = ...,
            unit: str | None = ...,
            parent: Any = ...,
            initial: float = ...,
        ) -> Iterator[Item]:
            """Return an iterator over `items` as a stage of it."""
            ...

        def _begin(self) -> None: ...
        def _end(
            self, state: str, reason: object = ..., error: object = ..., *, when: float | None
        ) -> None: ...
        def _env(self, path: str) -> dict[str, str]: ...

else:
    from headway.light_typing import NamedTuple

# Seconds after its beginning in which the first count that `update` sets was there already: no work
# can have done it.
FRESH = 0.25

_ONE = 1
_LIST_MAX = 4096  # steps in the list (40 kB) from which on it is folded at once

# Where the first step after a rest goes: it raises, and wakes the thread.
_AT_REST: Iterator[None] = iter(())
# Where the steps of an ended stage go: both accept anything and do nothing.
_discard_one: Iterator[None] = repeat(None)
_discard: Callable[[Any, int], object] = is_


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
        self.codes = codes  # of the iterable, as of `traces.codes_of`
        self.done = 0
        self.drawn: Any = None  # where the first item was fetched, a `traces.Place`
        self.stopped = False

    @property
    def in_work(self) -> int:
        """The number of items that were handed out and do not count as done: 0 or 1."""
        return 0

    def finish(self) -> None:
        """Count all items that were handed out as done."""

    def count(self) -> float:
        """Return the number of items that are done."""
        return self.done

    def stop(self) -> None:
        """Request that the iteration raises `Cancelled` at its next item."""
        self.stopped = True


class Stage(Lifecycle):
    """A part of an operation; made by `Operation.stage`, `Stage.stage` or `track`.

    As a context manager it runs while its block does, and ends as `Operation` does. In a forked
    child it counts that child's share, and nothing there ends it.
    """

    __slots__ = (
        "__weakref__",
        "_base",
        "_claim",
        "_counted",
        "_counter",
        "_gathering",
        "_given",
        "_left_at",
        "_ones",
        "_pending",
        "_source",
        "_steps",
        "_told",
        "_updating",
        "model",
        "operation",
        "solo",
        "twin",
    )

    model: Model
    _steps: Callable[[Any, int], object]

    def __init__(
        self, operation: Whole, model: Model, around: Scope, *, solo: bool = False
    ) -> None:
        super().__init__(around, block=False)
        self.operation = operation
        self.model = model
        self.solo = solo  # its operation exists for it alone, and ends with it
        self.twin: Stage | None = None  # the next stage of the same name and parent
        self._claim: int | None = None  # the thread that got it and has not started it
        self._counter: StepCounter | None = None
        # Steps that the counter does not count; and, first, the `Sum` of a fold that was cut short.
        self._pending: list[Any] = []
        self._gathering: FrameType | None = None  # that adds the steps
        self._source: Source | None = None
        self._counted: float = 0  # by the source, at the last fold
        self._base: float | None = None  # in a forked child: `done` at the fork
        self._told: float = 0  # `done` at the last fold
        self._given: float = 0  # what is there already when it begins next
        self._left_at: list[Any] = []  # the places that it was left at, for `traces`
        self._updating = False  # awake, and counted by `update` alone: its fast path
        self._ones = _AT_REST
        self._steps = self._awaken

    def __repr__(self) -> str:
        return f"<headway.Stage {self.name!r} {self.state} {self.done}/{self.total}>"

    # Attributes.

    @property
    def id(self) -> int:
        """Return its id, unique in this process."""
        return self.model.id

    @property
    def done(self) -> float | None:
        """Return the count, in units; exact with any number of threads.

        None where that is beyond ±2**63: unknown until `update` says a count again.
        """
        with reporter().lock:
            self._fold()
        return None if self.model.beyond else self.model.done

    @property
    def total(self) -> float | None:
        """Return the expected count, in units, or None while it is unknown."""
        return self.model.total

    @property
    def thread(self) -> int:
        """Return the thread that opened its operation."""
        return self.operation.thread

    @property
    def path(self) -> str:
        """Return "OP/STAGE", as child processes are told."""
        return f"{self.operation.id}/{self.model.id}"

    def _is_taken(self, thread: int) -> bool:
        """Return whether it runs, or another thread than `thread` is about to start it."""
        claim = self._claim
        if self.model.state in AT_WORK:
            return not self.left  # a loop that was left is run again under its name
        return not (claim is None or claim == thread)

    @property
    def foreign(self) -> bool:
        """Return whether it belongs to the process that this one was forked from."""
        return self._base is not None

    # Counting.

    def advance(self, n: float = 1) -> None:
        """Add `n` units to the count. Starts a stage that was not started."""
        try:
            if n is _ONE:  # a stranger's value is not asked whether it equals it
                next(self._ones)
            else:
                self._steps(n, 1)
        except Exception as error:
            if not _is_of_step(n, error):
                raise  # by a signal's handler, after the step
        else:
            return
        self._count_otherwise(n)

    if not EXACT:

        def advance(self, n: float = 1) -> None:
            """Add `n` units to the count. Starts a stage that was not started."""
            self._steps(n, FORWARD)

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
                    self._steps == self._awaken
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

    def _sleep(self) -> None:
        self._rest()
        self._fold()  # steps since the last fold

    def _rest(self) -> None:
        """Let the next step wake the thread."""
        self._updating = False
        self._ones = _AT_REST
        self._steps = self._awaken

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
            done = _add(done, self._pending[:steps])
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

    def _count_with(self, source: Source) -> None:
        own = reporter()
        with own.lock:
            self._counted = 0
            self._source = source
            own.tally.iterate(self)
        own.wake()

    # Life-cycle.

    def complete(self) -> None:
        """End it as completed."""
        self._end(COMPLETED)

    def fail(self, error: object) -> None:
        """End it as failed; `error` is an exception or a text. The operation goes on."""
        self._end(FAILED, error=error)

    def skip(self, reason: str | None = None) -> None:
        """End it as skipped: it was not needed."""
        self._end(SKIPPED, reason)

    def _reporting(self) -> Reporter:
        return reporter()

    def _request(self) -> Request | None:
        return self.operation.request

    def _begin_around(self) -> None:
        self.operation._begin()

    def _about_to_run(self) -> None:
        self._claim = None

    def _end_inside(self, state: str, reason: object, error: object, /) -> None:
        if self.model.state == PENDING and state == COMPLETED:
            self.start()
        reporter().tally.settle_left(self, state, error)
        for scope in list(self.inner or ()):
            if isinstance(scope, Stage):
                scope._end(state, reason)

    def _end_around(self, state: str, reason: object, error: object, when: float | None) -> None:
        if self.solo and self.operation.open:
            self.operation._end(state, reason, error, when=when)

    def _move(self, state: str, reason: str | None = None, when: float | None = None) -> None:
        self._fold()
        super()._move(state, reason, when)

    def _opens(self, before: str) -> bool:
        if before in AT_WORK and self.model.state != WAITING:
            return False
        self._rest()  # the next step lets it go on
        self._told = self.model.done  # run again, it begins at 0, and may come to where it was
        if self._given:
            self._start_at(self._given)
            self._given = 0
        return True

    def _close(self) -> None:
        """Stop counting: it or its operation has ended."""
        reporter().tally.forget(self)
        self._updating = False
        self._ones = _discard_one
        self._steps = _discard
        self._source = None
        self._counter = None
        self._pending.clear()

    def _changed(self) -> None:
        own = reporter()
        own.publisher.changed(self.operation.model, self.model)
        own.wake()

    @property
    def _full(self) -> bool:
        """Return whether its count has reached its total."""
        done, total = self.done, self.model.total
        return done is not None and total is not None and done >= total

    def _place(self, verb: str) -> str:
        """Return "stopped at 480 of 1,200" for the verb "stopped"."""
        done, total = self.done, self.model.total
        if done is None:
            return verb
        return f"{verb} at {_figure(done)}" + ("" if total is None else f" of {_figure(total)}")

    def _tell_left(self) -> None:
        model = self.model
        if not model.open:
            return
        own = reporter()
        if self._source is None and self._full:
            own.tally.rejoin(self)  # a counter that has reached its total: that it was dropped
            return  # says nothing against it
        self.left = True
        self._fold()
        own.tally.forget(self)
        own.tree.remove(self)
        model.reason = self._place("left")
        self._changed()
        whole = self.operation
        if self.solo and whole.open:
            whole.left = True
            own.tree.remove(whole)  # pyright: ignore[reportArgumentType]
            whole.model.reason = model.reason
            own.publisher.changed(whole.model)

    def _judge(self, when: float, state: str = COMPLETED, error: object = None) -> None:
        """End what was left at `when`, or never closed, by how its scope came to `state`.

        A counter (of `advance` and `update`) has done what its numbers say; a loop that was left
        has not come to its end.
        """
        if not self.model.open:
            return
        counter = self._source is None
        if state == FAILED and traces.passed(error, self._left_at) is False:
            state = COMPLETED  # what failed later, did so elsewhere
        well = state in (COMPLETED, SKIPPED)
        self._count_last_item(None if well else error)
        if (self._full and (counter or well)) or (well and counter and self.model.total is None):
            self._end(COMPLETED, when=when)
        elif well:
            self._end(COMPLETED, self._place("stopped"), when=when)
        else:
            reason = self._place("stopped") if state == CANCELLED else None
            self._end(state, reason, error, when=when)

    def _count_last_item(self, error: object) -> None:
        """Count the last item that was handed out, unless the loop's body was left with it.

        By `error`, or by None: in order.
        """
        source = self._source
        if source is None or not source.in_work:
            return
        if error is None:
            total, done = self.model.total, self.done
            at = self._left_at  # nowhere, if the program ended within the loop
            last = total is not None and done is not None and done + source.in_work >= total
            stopped = not at or traces.RAISING in at
            whole = (last and not stopped) or traces.consumed(at, source.drawn)
        else:
            whole = traces.fetched(error, self._left_at, source.codes)
        if whole:
            source.finish()

    def _stop(self) -> None:
        """End it short of its total; while an exception passes, what is around it will tell how."""
        error = sys.exc_info()[1]
        if error is None or self._full:
            self._judge(reporter().clock())
        else:
            self._left_at = traces.passing(error)
            self._leave()

    def _forked(self) -> None:
        """Turn it into a forked child's copy: what it counts from now on is a share."""
        if self.model.open:
            self._gather()
            self._base = self._told = self.model.done
            self._rest()
        else:
            self._base = 0

    # Nested stages and child processes.

    def stage(
        self, name: str, total: float | None = None, unit: str | None = None, *, initial: float = 0
    ) -> Stage:
        """Return a stage that is part of this one; see `Operation.stage`."""
        return self.operation.stage(name, total, unit, parent=self, initial=initial)

    def track(
        self,
        items: Iterable[Item],
        name: str | None = None,
        total: float | None = None,
        unit: str | None = None,
        *,
        initial: float = 0,
    ) -> Iterator[Item]:
        """Return an iterator over `items` as a part of this stage; see `headway.track`."""
        return self.operation.track(items, name, total, unit, parent=self, initial=initial)

    def env(self) -> dict[str, str]:
        """Return a copy of the environment for a child process that works on this stage."""
        return self.operation._env(self.path)


_PLAIN = (int, float, str)


def _same(value: Any, known: Any) -> bool:
    """Return whether `value` is plain and `known`; a stranger's type is not asked."""
    return value is known or (type(value) in _PLAIN and value == known)


def _is_of_step(n: Any, error: Exception) -> bool:
    """Return whether the count of the step `n` has raised `error`, and not a signal's handler."""
    inner = error.__traceback__ and error.__traceback__.tb_next  # none of what is written in C
    if type(n) in _PLAIN:
        return inner is None and type(error) in (StopIteration, TypeError, OverflowError)
    return inner is None or inner.tb_frame.f_code.co_name == "__index__"  # a stranger's


def _is_running(frame: FrameType) -> bool:
    """Return whether what called us stands in `frame`."""
    caller: FrameType | None = sys._getframe(1)
    while caller is not None and caller is not frame:
        caller = caller.f_back
    return caller is not None


def _add(done: float, steps: list[Any]) -> float | None:
    """Return `done` and the steps that are numbers; None where that is too large."""
    # Numpy's narrow integers wrap, with a warning to the program's stderr: a sum of them is not
    # tried. A look at both ends of the list is all that a hot loop should pay for that.
    if type(steps[0]) in _PLAIN and type(steps[-1]) in _PLAIN:
        try:
            total = sum(steps)
            if type(total) in _PLAIN:
                result = clean_count(done + total)
                if result is not None:
                    return result
        except Exception:
            pass
    for step in steps:
        count = clean_count(step)
        if count is None:
            if is_beyond(step):
                return None
            continue
        found = clean_count(done + count)
        if found is None:
            return None
        done = found
    return done


def _figure(count: float) -> str:
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"
