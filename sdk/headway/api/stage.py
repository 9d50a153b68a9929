"""`Stage`, the handle of a program: its life-cycle, how it was left, nested stages.

What it counts is in `counting`. All its methods but `advance` take the reporter's lock for a
moment; a name, detail or reason is cut at its limit.
"""

from __future__ import annotations

import sys

from headway.api.counts.counting import Counting
from headway.api.lifecycle import AT_WORK
from headway.reporting import exit_status, loop_exits
from headway.reporting.reporter import reporter
from headway.states import CANCELLED, COMPLETED, FAILED, PENDING, SKIPPED, UNJUDGED, WAITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator, Sequence, TypeVar

    from headway.api.cancellation import Request
    from headway.api.interfaces import Whole
    from headway.api.scope import Scope
    from headway.model import Stage as Model
    from headway.reporting.reporter import Reporter

    Item = TypeVar("Item")


class Stage(Counting):
    """A part of an operation; made by `Operation.stage`, `Stage.stage` or `track`.

    As a context manager it runs while its block does, and ends as `Operation` does. In a forked
    child it counts that child's share, and nothing there ends it.
    """

    __slots__ = ("__weakref__", "_left_at", "_reserved_by", "solo", "twin")

    def __init__(
        self, operation: Whole, model: Model, around: Scope, *, solo: bool = False
    ) -> None:
        super().__init__(operation, model, around)
        self.solo = solo  # its operation exists for it alone, and ends with it
        self.twin: Stage | None = None  # the next stage of the same name and parent
        self._reserved_by: int | None = None  # the thread that got it and has not started it
        self._left_at: Sequence[Any] = ()  # the places that it was left at, for `loop_exits`

    def __repr__(self) -> str:
        return f"<headway.Stage {self.name!r} {self.state} {self.done}/{self.total}>"

    # Attributes.

    @property
    def id(self) -> int:
        """Return its id, unique in this process."""
        return self.model.id

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
        reserved_by = self._reserved_by
        if self.model.state in AT_WORK:
            return not self.left  # a loop that was left is run again under its name
        return not (reserved_by is None or reserved_by == thread)

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
        self._reserved_by = None

    def _end_inside(self, state: str, reason: object, error: object, /) -> None:
        if self.model.state == PENDING and state == COMPLETED:
            self.start()
        reporter().tally.judge_left(self, state, error)
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

    @property
    def _full(self) -> bool:
        """Return whether its count has reached its total."""
        done, total = self.done, self.model.total
        return done is not None and total is not None and done >= total

    def _place(self, verb: str) -> str:
        """Return "stopped at 480 of 1,200" for the verb "stopped"."""
        with reporter().lock:
            self._fold()
        return self.model.place(verb)

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
        if state == FAILED and loop_exits.passed(error, self._left_at) is False:
            state = COMPLETED  # what failed later, did so elsewhere
        if state == UNJUDGED and loop_exits.IN_ORDER in self._left_at:
            state = COMPLETED  # whatever the program ended by, did not leave it
        well = state in (COMPLETED, SKIPPED)
        self._count_last_item(None if well else error)
        if (self._full and (counter or well)) or (well and counter and self.model.total is None):
            self._end(COMPLETED, when=when)
        elif well:
            self._end(COMPLETED, self._place("stopped"), when=when)
        else:
            reason = self._place("stopped") if state in (CANCELLED, UNJUDGED) else None
            self._end(state, reason, error, when=when)

    def _count_last_item(self, error: object) -> None:
        """Count the last item that was handed out, unless the loop's body was left with it.

        By `error`, or by None: in order.
        """
        source = self._source
        if source is None or not source.in_work:
            return
        if loop_exits.asked_again(self._left_at, source.drawn):
            whole = True
        elif error is None:
            total, done = self.model.total, self.done
            at = self._left_at  # nowhere, if the program ended within the loop
            last = total is not None and done is not None and done + source.in_work >= total
            in_order = loop_exits.IN_ORDER in at  # of a generator that was closed nobody knows
            whole = (last and in_order) or loop_exits.consumed(at, source.drawn)
        else:
            whole = loop_exits.fetched(error, self._left_at, source.codes)
        if whole:
            source.finish()

    def _stop(self) -> None:
        """End it short of its total; while an exception passes, what is around it will tell how."""
        error = sys.exc_info()[1]
        if error is None or self._full:
            self._judge(reporter().clock())
            return
        frame = sys._getframe(1)
        if isinstance(error, GeneratorExit):  # a loop around it was left: who knows why
            self._left_at = loop_exits.closing(frame)
            exit_status.look_for_passing()
        else:
            self._left_at = loop_exits.passing(error)
            exit_status.passes(error)
        self._leave()

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
