"""A stage as a program holds it: counting, states, stages inside it.

`advance` is the hot path: one append to a list, which the publisher folds into the model.
Everything else takes the lock of the process for a moment. What is reported is taken as it
is: counts may go down, pass the total or be negative; one beyond ±2**63 is unknown, what is
no number is ignored, and a name, detail or reason is cut at its limit.
"""

from __future__ import annotations

from headway.api.lifecycle import AT_WORK, Lifecycle
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
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, Protocol, TypeVar

    from headway.api.cancellation import Request
    from headway.api.scope import Scope
    from headway.host.propagation import Nested
    from headway.model import Operation
    from headway.reporting.reporter import Reporter

    Item = TypeVar("Item")

    class Whole(Protocol):
        """The operation that a stage is a part of: always a `headway.Operation`."""

        block: bool
        inner: dict[Nested, None] | None
        model: Operation
        request: Request | None
        _stopped: Stage | None

        @property
        def around(self) -> Scope | None:
            """What it is inside of, or None."""

        @property
        def cancelled(self) -> bool:
            """Whether somebody asked that it stops."""
            ...

        @property
        def id(self) -> str:
            """12 base-32 characters."""
            ...

        @property
        def open(self) -> bool:
            """Whether it has not ended."""
            ...

        @property
        def path(self) -> str:
            """Its id."""
            ...

        def check_cancelled(self) -> None:
            """Raise `Cancelled` if somebody asked that it stops."""

        def log(self, line: str, stage: Stage | int | None = None) -> None:
            """Pass on a line that it printed."""

        def stage(
            self, name: str, total: float | None = ..., unit: str | None = ..., parent: Any = ...
        ) -> Stage:
            """The stage of that name."""
            ...

        def track(
            self,
            items: Iterable[Item],
            name: str | None = ...,
            total: float | None = ...,
            unit: str | None = ...,
            parent: Any = ...,
        ) -> Iterator[Item]:
            """Iterate over `items` as a stage of it."""
            ...

        def _begin(self) -> None: ...
        def _end(
            self, state: str, reason: object = ..., error: object = ..., *, when: float | None
        ) -> None: ...
        def _env(self, path: str) -> dict[str, str]: ...


# The steps of a stage that has ended go here: it takes anything, and does nothing.
_discard: Callable[[Any], object] = id


class Source:
    """What counts for a stage: `count()` is the number of items that are done."""

    __slots__ = ("done", "stopped")

    def __init__(self) -> None:
        self.done = 0
        self.stopped = False

    def count(self) -> float:
        """The items that are done."""
        return self.done

    def stop(self) -> None:
        """Let the iteration end with `Cancelled` before its next item."""
        self.stopped = True


class Stage(Lifecycle):
    """A part of an operation; made by `Operation.stage`, `Stage.stage` or `track`.

    As a context manager it runs while its block does, and how the block is left is how it
    ends. In a forked child what it counts is that child's share, and nothing there ends it.
    """

    __slots__ = (
        "__weakref__",
        "_base",
        "_claim",
        "_counted",
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
    _steps: Callable[[Any], object]

    def __init__(
        self, operation: Whole, model: Model, around: Scope, *, solo: bool = False
    ) -> None:
        super().__init__(around, block=False)
        self.operation = operation
        self.model = model
        self.solo = solo  # its operation is only there for it, and ends with it
        self.twin: Stage | None = None  # the next of the same name in the same place
        self._claim: int | None = None  # the thread that was handed it and has not started it
        self._pending: list[Any] = []
        self._source: Source | None = None
        self._counted: float = 0  # what the source had counted at the last fold
        self._base: float | None = None  # in a forked child: what was done at the fork
        self._told: float = 0  # what was done at the last look
        self._updating = False  # awake, and counted by `update` alone
        self._steps = self._awaken

    def __repr__(self) -> str:
        return f"<headway.Stage {self.name!r} {self.state} {self.done}/{self.total}>"

    # What can be read.

    @property
    def id(self) -> int:
        """A number that no other stage of this process has."""
        return self.model.id

    @property
    def done(self) -> float | None:
        """What has been counted by now, in units, exact from any number of threads.

        None where that is beyond ±2**63: unknown until `update` says a count again.
        """
        if self._pending or self._source is not None:
            with reporter().lock:
                self._fold()
        return None if self.model.beyond else self.model.done

    @property
    def total(self) -> float | None:
        """The units it will be, as far as anybody knows."""
        return self.model.total

    @property
    def path(self) -> str:
        """`OP/STAGE`, as a child process is told."""
        return f"{self.operation.id}/{self.model.id}"

    def _is_taken(self, thread: int) -> bool:
        """Somebody is at it, or about to be who is not `thread`: the name stands for another."""
        claim = self._claim
        return self.model.state in AT_WORK or not (claim is None or claim == thread)

    @property
    def foreign(self) -> bool:
        """It belongs to the process that this one was forked from."""
        return self._base is not None

    # Counting.

    def advance(self, n: float = 1) -> None:
        """`n` more units are done. A stage that was not started is running from then on."""
        self._steps(n)

    def update(
        self,
        done: float | None = None,
        total: float | None = None,
        detail: str | None = None,
        unit: str | None = None,
    ) -> None:
        """Say how far it is: what is None stays as it is.

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
                if count is not None:
                    model.done = count
                if count is not None or is_beyond(done):
                    self._mark_beyond(beyond=count is None)
                self._updating = (
                    self._steps == self._awaken and self._source is None and not model.beyond
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

    def _awaken(self, n: Any) -> None:
        # The first step after a rest: later ones go straight into the list.
        own = reporter()
        with own.lock:
            if self.model.state in ENDED:
                return
            if self.model.state in (PENDING, WAITING):
                self.start()
            self._updating = False
            self._steps = self._count_alone if own.off or own.closed else self._pending.append
            self._pending.append(n)
            own.tally.wake(self)
        own.wake_resting()

    def _count_alone(self, n: Any) -> None:
        # With reporting off, or over, there is nobody else who would fold.
        self._pending.append(n)
        if len(self._pending) > 4096:
            with reporter().lock:
                self._fold()

    def _sleep(self) -> None:
        self._updating = False
        self._steps = self._awaken
        self._fold()  # what came between the last look and now

    def _fold(self) -> int:
        """Add what was counted since the last time to the model; how many steps it was.

        The lock is held.
        """
        steps = self._gather()
        done = self.model.done
        if done == self._told:
            return steps
        self._told = done
        publisher = reporter().publisher
        if self._base is None:
            publisher.moved(self.model)
        else:
            publisher.share(self.operation.id, self.model, done - self._base)
        return steps or 1

    def _gather(self) -> int:
        # Other threads may append meanwhile: theirs stays for the next time.
        steps = len(self._pending)
        if steps:
            chunk = self._pending[:steps]
            del self._pending[:steps]
            self._set_count(_add(self.model.done, chunk))
        source = self._source
        if source is not None:
            counted = source.count()
            self._set_count(clean_count(self.model.done + counted - self._counted))
            self._counted = counted
        return steps

    def _set_count(self, done: float | None) -> None:
        if done is None:
            self._mark_beyond(beyond=True)
        elif not self.model.beyond:  # what is added to an unknown count leaves it so
            self.model.done = done

    def _mark_beyond(self, *, beyond: bool) -> None:
        """Say whether its count is beyond what can be told, and so unknown."""
        model = self.model
        if model.beyond != beyond:
            model.beyond = beyond
            if self._base is None:
                self._changed()

    def _count_with(self, source: Source) -> None:
        own = reporter()
        with own.lock:
            self._source = source
            self._counted = 0
            own.tally.iterate(self)
        own.wake()

    # States.

    def complete(self) -> None:
        """It has succeeded."""
        self._end(COMPLETED)

    def fail(self, error: object) -> None:
        """It has failed; `error` is an exception or a text. The operation goes on."""
        self._end(FAILED, error=error)

    def skip(self, reason: str | None = None) -> None:
        """It was not needed."""
        self._end(SKIPPED, reason)

    def _reporting(self) -> Reporter:
        return reporter()

    def _request(self) -> Request | None:
        return self.operation.request

    def _begin_around(self) -> None:
        self.operation._begin()

    def _about_to_run(self) -> None:
        self._claim = None
        # Work goes on: the loops that were left early in it were left in order.
        reporter().tally.settle_left(self.operation, COMPLETED, None)
        self.operation._stopped = None

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
        self._updating = False
        self._steps = self._awaken  # the next step lets it go on
        return True

    def _close(self) -> None:
        """Stop counting: it has ended, or its operation has."""
        reporter().tally.forget(self)
        self._updating = False
        self._steps = _discard
        self._source = None
        self._pending.clear()

    def _changed(self) -> None:
        own = reporter()
        own.publisher.changed(self.operation.model, self.model)
        own.wake()

    def _stopped(self, when: float, state: str = COMPLETED, error: object = None) -> None:
        """Its iterator was left early at `when`; what is around it has come to `state`."""
        if not self.model.open:
            return
        done, total = self.done, self.model.total
        reason = "stopped" if done is None else f"stopped at {_figure(done)}"
        if done is not None and total is not None:
            reason += f" of {_figure(total)}"
        if state in (COMPLETED, SKIPPED):
            self._end(COMPLETED, reason, when=when)
            self.operation._stopped = self
        else:
            self._end(state, reason if state == CANCELLED else None, error, when=when)

    def _forked(self) -> None:
        """Become the forked child's copy: what it counts from here on is a share."""
        if self.model.open:
            self._gather()
            self._base = self._told = self.model.done
            self._updating = False
            self._steps = self._awaken
        else:
            self._base = 0

    # What is inside it.

    def stage(self, name: str, total: float | None = None, unit: str | None = None) -> Stage:
        """A stage that is part of this one; see `Operation.stage`."""
        return self.operation.stage(name, total, unit, parent=self)

    def track(
        self,
        items: Iterable[Item],
        name: str | None = None,
        total: float | None = None,
        unit: str | None = None,
    ) -> Iterator[Item]:
        """Iterate over `items` as a stage that is part of this one; see `headway.track`."""
        return self.operation.track(items, name, total, unit, parent=self)

    def env(self) -> dict[str, str]:
        """A copy of the environment for a child process that works on this stage."""
        return self.operation._env(self.path)


_PLAIN = (int, float, str)


def _same(value: Any, known: Any) -> bool:
    """Return whether `value` is plain and `known`; a stranger's type is not asked."""
    return value is known or (type(value) in _PLAIN and value == known)


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
