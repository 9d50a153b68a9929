"""The life-cycle of operations and stages: start, wait, resume, end; and the context manager.

A change of state is made under the reporter's lock, by the table of moves of `headway.model`,
and sent at once. A signal handler of the program may change the state between any two of these
lines, in the thread that holds the (reentrant) lock: so a move that is illegal because the
state is reached already counts as made. In a forked child a handle of its parent changes
nothing.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from headway.api.outcomes.outcome import outcome_of, text_of
from headway.api.scope import Scope, enter, leave
from headway.plain_values import clean_text
from headway.reporting import exit_status, loop_exits
from headway.states import CANCELLED, COMPLETED, ENDED, RUNNING, WAITING, IllegalMove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Sequence, TypeVar

    from headway.api.cancellation import Request
    from headway.reporting.reporter import Reporter

    Alive = TypeVar("Alive", bound="Lifecycle")

AT_WORK = (RUNNING, WAITING)


class Lifecycle(Scope):
    """The life-cycle that `Operation` and `Stage` share; the hooks below are what differs."""

    __slots__ = ()

    _left_at: Sequence[Any]

    def start(self: Alive) -> Alive:  # noqa: PYI019 - Self is not in 3.8
        """Run it. If it has failed or ended otherwise, run it again, as another attempt.

        Raise IllegalMove from a state that allows no retry. Return it, for chaining.
        """
        if not self.foreign:
            with self._reporting().lock:
                if self.left:
                    self._reporting().tally.rejoin(self)
                self._begin_around()
                if self.model.state != RUNNING:
                    self._about_to_run()
                    self._move(RUNNING)
        return self

    def wait(self, reason: str) -> None:
        """Let it wait for what `reason` says, until `resume`; a stage until it counts on.

        Raise IllegalMove where it has ended, as another end does.
        """
        if not self.foreign:
            with self._reporting().lock:
                if self.model.state == WAITING:
                    self.model.reason = clean_text(reason)
                    self._changed()
                else:
                    self._begin_around()
                    self._move(WAITING, clean_text(reason))

    def resume(self) -> None:
        """Let it run again after `wait`."""
        self.start()

    def cancel(self, reason: str | None = None) -> None:
        """End it as cancelled, with `reason`. Raises no `Cancelled`."""
        self._end(CANCELLED, reason)
        self._reporting().print_receipts()

    def __enter__(self: Alive) -> Alive:  # noqa: PYI019 - Self is not in 3.8
        self.block = True
        try:
            self.start()
            enter(self)
        except BaseException as error:
            # What a signal's handler raises here: there is no block yet that would end it.
            if self.model.state in AT_WORK:
                self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave(self)
        if not self.model.open:
            return
        if isinstance(error, GeneratorExit):
            if not self.foreign:
                self._left_at = loop_exits.places(sys._getframe(1))
                exit_status.look_for_passing()
            self._leave()  # the generator that the block is in was dropped: who knows why
            return
        exit_status.passes(error)
        state, reason, text = outcome_of(error, self._request())
        self._end(state, reason, text)
        self._reporting().print_receipts()

    def _leave(self) -> None:
        """Note that it was left without an end: what is around it will tell how."""
        own = self._reporting()
        if self.foreign or self.left:
            return
        with own.lock:
            self.left = True
            own.tally.leave(self, own.clock(), get_ident())
            own.tally.collect_left()
        own.wake()

    def _end(
        self,
        state: str,
        reason: object = None,
        error: object = None,
        *,
        message: str | None = None,
        when: float | None = None,
    ) -> None:
        if self.foreign:
            return
        own = self._reporting()
        with own.lock:
            model = self.model
            if model.state == state or own.closed:
                return
            self._end_inside(state, reason, error)
            self._move(state, None if reason is None else clean_text(reason), when)
            if error is not None:
                model.error = text_of(error)
            if message is not None:
                model.message = clean_text(message)
            self._end_around(state, reason, error, when)

    def _move(self, state: str, reason: str | None = None, when: float | None = None) -> None:
        own = self._reporting()
        model = self.model
        before = model.state
        try:
            model.move(state, own.clock() if when is None else when, reason)
        except IllegalMove:
            if own.closed or model.state == state:
                return  # too late, or a signal handler has just done so
            raise
        if model.state in ENDED:
            if self.left:
                self.left = False
                own.tally.drop(self)
            self._close()
            own.tree.remove(self)
        elif self._opens(before):
            own.tree.add(self)
        self._changed()

    # What differs. All but `foreign` are called with the lock held.

    def _begin_around(self) -> None:
        """Start what it is in: it is going to run or wait."""

    def _about_to_run(self) -> None:
        """Prepare to run, from another state."""

    def _end_around(self, state: str, reason: object, error: object, when: float | None) -> None:
        """End what exists for it alone: it has ended."""

    if TYPE_CHECKING:  # what both define

        @property
        def foreign(self) -> bool:
            """Return whether it belongs to the process that this one was forked from."""
            ...

        def _reporting(self) -> Reporter:
            """Return the reporter that it reports to."""
            ...

        def _request(self) -> Request | None:
            """Return the request to cancel its operation, or None."""
            ...

        def _changed(self) -> None:
            """Mark it as changed at the publisher."""

        def _opens(self, before: str) -> bool:
            """Take in that it came from `before` to run or wait; return whether that opened it."""
            ...

        def _end_inside(self, state: str, reason: object, error: object, /) -> None:
            """End what is inside it. Raise IllegalMove if it cannot end so."""

        def _close(self) -> None:
            """Release what it holds: it has ended."""

        def _tell_left(self) -> None:
            """Say that it was left."""

        def _judge(self, when: float, state: str = COMPLETED, error: object = None) -> None:
            """End it, which was left at `when`, by how its scope came to `state`."""
