"""The life of an operation or a stage: how it starts, waits and ends, and what it is as a block.

A change of state is made under the lock of the process's reporting, by the table of moves of
`headway.model`, and told at once. Signal handlers change states, too, within any of these
lines: a move that is illegal because the state is reached already is none. In a forked child
a handle of its parent changes nothing.
"""

from __future__ import annotations

from headway.api.outcome import fate, text_of
from headway.api.scope import Scope, enter, leave
from headway.model import (
    CANCELLED,
    ENDED,
    RUNNING,
    WAITING,
    IllegalMove,
    clean_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import TypeVar

    from headway.api.cancellation import Request
    from headway.reporting.reporter import Home

    Alive = TypeVar("Alive", bound="Lifecycle")

AT_WORK = (RUNNING, WAITING)


class Lifecycle(Scope):
    """What `Operation` and `Stage` have in common; each says for itself what a step means."""

    __slots__ = ()

    @property
    def foreign(self) -> bool:
        """It belongs to the process that this one was forked from."""
        raise NotImplementedError

    def start(self: Alive) -> Alive:  # noqa: PYI019 - Self is not in 3.8
        """Run it; run it again, as another attempt, if it had ended and can be."""
        if not self.foreign:
            with self._reporting().lock:
                self._begin_around()
                if self.model.state != RUNNING:
                    self._about_to_run()
                    self._move(RUNNING)
        return self

    def wait(self, reason: str) -> None:
        """It is held up, by a lock or by a question, until `resume`; a stage until it counts on."""
        if not self.foreign:
            with self._reporting().lock:
                if self.model.state == WAITING:
                    self.model.reason = clean_text(reason)
                    self._changed()
                else:
                    self._begin_around()
                    self._move(WAITING, clean_text(reason))

    def resume(self) -> None:
        """It is running again after `wait`."""
        self.start()

    def cancel(self, reason: str | None = None) -> None:
        """It was given up because somebody wanted it so. Nothing is raised by this."""
        self._end(CANCELLED, reason)

    def __enter__(self: Alive) -> Alive:  # noqa: PYI019 - Self is not in 3.8
        self.block = True
        self.start()
        enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leave(self)
        if self.model.open:
            state, reason, text = fate(error, self._request())
            self._end(state, reason, text)

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
        home = self._reporting()
        with home.lock:
            model = self.model
            if model.state == state or home.closed:
                return
            self._end_inside(state, reason, error)
            self._move(state, None if reason is None else clean_text(reason), when)
            if error is not None:
                model.error = text_of(error)
            if message is not None:
                model.message = clean_text(message)
            self._end_around(state, reason, error, when)

    def _move(self, state: str, reason: str | None = None, when: float | None = None) -> None:
        home = self._reporting()
        model = self.model
        before = model.state
        try:
            model.move(state, home.clock() if when is None else when, reason)
        except IllegalMove:
            if home.closed or model.state == state:
                return  # too late, or a signal handler has just done so
            raise
        if model.state in ENDED:
            self._close()
            home.tree.remove(self)
        elif self._opens(before):
            home.tree.add(self)
        self._changed()

    # What is each one's own. The lock is held.

    def _reporting(self) -> Home:
        """What it is reported by."""
        raise NotImplementedError

    def _request(self) -> Request | None:
        """What somebody asked of its operation, if anybody did."""
        raise NotImplementedError

    def _changed(self) -> None:
        """Tell that it changed."""
        raise NotImplementedError

    def _begin_around(self) -> None:
        """It is going to run or wait: what is around it runs."""

    def _about_to_run(self) -> None:
        """It is going to run, and did not."""

    def _opens(self, before: str) -> bool:
        """It has come from `before` to run or wait; return whether that opens it."""
        raise NotImplementedError

    def _end_inside(self, state: str, reason: object, error: object, /) -> None:
        """It is going to end: end what is inside it. Raises IllegalMove where it cannot."""
        raise NotImplementedError

    def _close(self) -> None:
        """It has ended."""
        raise NotImplementedError

    def _end_around(self, state: str, reason: object, error: object, when: float | None) -> None:
        """It has ended and all is said of that: end what is there for it alone."""
