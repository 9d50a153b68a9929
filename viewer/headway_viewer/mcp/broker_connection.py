"""One request's look at the broker: a connection that lives as long as the request.

Shell, in a thread of its own: an idle server follows nothing, so that no worker reports more
often for it and no broker stays for it.
"""

from __future__ import annotations

import time
from typing import Any, Callable

from headway.host.launch.broker_launch import NoRuntimeDirectory
from headway.model import Operation
from headway_viewer.commands.selection import Ambiguous, find_operation
from headway_viewer.connection.endpoint import following_feed
from headway_viewer.connection.owner_answer import ANSWER_TIMEOUT, owner_answer
from headway_viewer.connection.single_snapshot import Outcome, fetch_snapshot
from headway_viewer.mcp import answers
from headway_viewer.picture import brief
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica

TELL_EVERY = 5.0  # seconds between progress notifications, which reset the client's watchdog
TURN = 0.5  # seconds, at most, until a wait notices that it was given up


class Unanswerable(Exception):
    """Raised where a request has no answer; the text says why."""


class BrokerConnection:
    """A replica of what the broker knows, for one request."""

    def __init__(self) -> None:
        self._feed = following_feed(Replica())
        self.board = Board(self._feed.replica)

    def fetch(self) -> None:
        """Fetch what there is. Raise `Unanswerable`."""
        try:
            outcome = fetch_snapshot(self._feed)
        except NoRuntimeDirectory as error:
            raise Unanswerable(str(error)) from None
        if outcome is Outcome.NO_ANSWER:
            raise Unanswerable("the broker does not answer, or is still starting")
        if outcome is Outcome.REFUSED:
            raise Unanswerable(str(self._feed.note()))
        self._absorb()

    def close(self) -> None:
        """Close the connection."""
        self._feed.close()

    @property
    def now(self) -> float:
        """Return the broker's time."""
        return self._feed.replica.time(self._feed.clock())

    def find(self, word: str, *, acts: bool = False) -> Operation:
        """Return the operation that `word` means, for who `acts` on it. Raise `Unanswerable`."""
        try:
            found = find_operation(self._feed.replica, word, acts=acts)
        except Ambiguous as error:
            raise Unanswerable(str(error)) from None
        if found is None:
            known = answers.list_operations(self.board, self.now, every=False)
            raise Unanswerable(f"there is no operation {word!r}; there is:\n{known}")
        return found

    def wait(
        self,
        operation: Operation,
        until: str,
        seconds: float,
        tell: Callable[[float, str], Any],
        given_up: Callable[[], bool],
    ) -> str:
        """Wait for an operation; return the three lines, and what ended the wait.

        `tell(waited, words)` is called soon, then every `TELL_EVERY` seconds.
        """
        begun = time.monotonic()
        told = begun - TELL_EVERY
        while not answers.reached(operation, until):
            now = time.monotonic()
            left = begun + seconds - now
            if left <= 0 or given_up():
                return self._said(operation, f"waited {seconds:g} s, not yet: {until}")
            try:
                self._feed.wait(min(left, TURN))
            except NoRuntimeDirectory as error:
                raise Unanswerable(str(error)) from None
            self._absorb()
            operation = self._feed.replica.operations.get(operation.id, operation)
            if now - told >= TELL_EVERY:
                told = now
                tell(now - begun, brief.activity(operation, self.board, self.now))
        return self._said(operation, None)

    def cancel(self, operation: Operation, reason: str | None) -> str:
        """Ask an operation to end; return what came of it. Raise `Unanswerable`."""
        arguments: dict[str, Any] = {"operation": operation.id}
        if reason is not None:
            arguments["reason"] = reason
        reply = self._feed.ask("cancel", arguments, ANSWER_TIMEOUT)
        if reply is None:
            raise Unanswerable("the broker does not answer")
        answer = owner_answer(reply)
        told = answer.told("cancel", "it")
        if not answer.accepted:
            raise Unanswerable(told)
        return told

    def _said(self, operation: Operation, remark: str | None) -> str:
        said = brief.lines(operation, self.board, self.now)
        note = self._feed.note()
        return "\n".join([*said, *(line for line in (remark, note) if line)])

    def _absorb(self) -> None:
        self.board.absorb(self._feed.replica.take(), self.now)
