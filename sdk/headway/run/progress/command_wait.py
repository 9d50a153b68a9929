"""What a command waits for: input, a lock, its terminal, its end, or while it is paused.

Reporting never harms the command: every exception raised here is swallowed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from headway.run.reading.prompts import is_prompt
from headway.states import PAUSED, STOPPING, WAITING

if TYPE_CHECKING:
    from typing import Callable

PROMPT_SHOWN = 120  # characters of an unfinished prompt: a row of a viewer or two


def answer_to(question: str | None) -> str:
    """Return the reason of a wait for the answer to `question`, None or "" where it is unknown."""
    return f"an answer: {question}" if question else "an answer"


def report_to(operation: Any | None, act: Callable[[Any], object]) -> None:
    """Call `act` with an operation, if there is one; what that raises harms no command."""
    if operation is not None:
        try:
            act(operation)
        except Exception:
            pass


class CommandWait:
    """The wait of one command, told to its `operation`, which is None where nothing is reported."""

    def __init__(self, operation: Any | None) -> None:
        self._operation = operation
        self._reason: str | None = None
        self._asked = False  # it waits because it was seen to ask, not because a parser says so
        # The reason of a wait that nothing but a request ends: it is paused, or about to end.
        self._held: str | None = None
        self._stopping: str | None = None  # that of a request to stop, which outlasts a pause
        self._pausing = threading.RLock()  # requests to pause come on another thread

    @property
    def lasts(self) -> bool:
        """Return whether the operation waits: for input, a lock, its end, or while it is paused."""
        return self._held is not None or self._reason is not None

    def note_unfinished_line(self, rest: str) -> None:
        """Wait for input if `rest`, an unfinished line followed by silence, looks like a prompt."""
        if rest and is_prompt(rest):
            self.note_input(rest)

    def note_input(self, question: str | None, *, again: bool = False) -> None:
        """Wait for input: `question` is what was asked, or empty; with None, resume after it.

        `again`: lines have come since the last one, so that it is another, whatever it asks.
        """
        if question is None or (again and self._asked):
            if self._asked:
                self.resume()
            if question is None:
                return
        if self._reason is None or self._asked:
            self.wait_as_told(answer_to(question[-PROMPT_SHOWN:]))
            self._asked = True

    def resume(self) -> None:
        """Resume the operation: the command works again. What it says while paused is old."""
        with self._pausing:
            if self._reason is not None and self._held is None:
                self._reason = None
                self._asked = False
                report_to(self._operation, lambda operation: operation.resume())

    def pause(self) -> None:
        """Wait until `unpause`: a request has stopped the command."""
        self._hold(PAUSED)

    def stop(self, how: str) -> None:
        """Wait for its end: it was asked to stop; `how` is what ends it sooner."""
        self._stopping = f"{STOPPING} ({how})"
        self._hold(self._stopping)

    def _hold(self, reason: str) -> None:
        with self._pausing:
            self._held = reason
            report_to(self._operation, lambda operation: operation.wait(reason))

    def stay_held(self) -> None:
        """Wait again where the beginning of a stage let an operation run that is held."""
        with self._pausing:
            held, operation = self._held, self._operation
            if held is not None and operation is not None and operation.state != WAITING:
                report_to(self._operation, lambda operation: operation.wait(held))

    def unpause(self) -> None:
        """Go on as before `pause`."""
        with self._pausing:
            if self._held != PAUSED:
                return
            if self._stopping is not None:
                self._hold(self._stopping)
            else:
                self._held = None
                before, self._reason = self._reason, PAUSED
                if before is None:
                    self.resume()
                else:
                    self.wait(before)

    def suspend(self) -> None:
        """Wait: the command was stopped by its terminal."""
        self.wait("its terminal: it is stopped")

    def wait(self, reason: str) -> None:
        """Wait for `reason`, which is not told twice."""
        with self._pausing:
            if reason != self._reason:
                self._reason = reason
                if self._held is None:
                    report_to(self._operation, lambda operation: operation.wait(reason))

    def wait_as_told(self, reason: str) -> None:
        """Wait because a parser says so."""
        self._asked = False
        self.wait(reason)
