"""What `headway top` follows: the replica of the broker, requests and their answers, one log.

Shell of the connection; it knows no Textual. Keys, clicks and the size come in, lines go out.
"""

from __future__ import annotations

from typing import Any, Protocol, Sequence

from headway.formatting.theme import Line, Theme
from headway.lookup import is_labelled
from headway.protocol.messages import Reply
from headway_viewer.commands.listing.rollup import Rollup
from headway_viewer.connection.log_follower import LogFollower
from headway_viewer.connection.owner_requests import OwnerRequests, refusal
from headway_viewer.picture.board import Board
from headway_viewer.picture.browsing import CANCEL, QUIT, Action
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.view import View
from headway_viewer.replica.replica import Replica
from headway_viewer.top.facts import EarlierRuns
from headway_viewer.top.key_bindings import Navigation
from headway_viewer.top.screen import TopScreen
from headway_viewer.top.tree import Tree

REST = 0.2  # seconds that a row is looked at until its log is asked for: who scrolls asks for none


class Source(Protocol):
    """Where the operations come from: a `Feed`, or that of a fleet."""

    replica: Replica
    lines: list[Any]

    def clock(self) -> float:
        """Return the local time."""
        ...

    def note(self) -> str | None:
        """Return what is wrong with the connection, or None."""
        ...

    def wait(self, timeout: float, *, rest: bool = False) -> bool:
        """Receive for at most `timeout` seconds."""
        ...

    def request(self, verb: str, arguments: dict[str, Any]) -> int | None:
        """Send a request; return its number, or None while there is no broker."""
        ...

    def reply(self, number: int) -> Reply | None:
        """Return the reply to a request, or None before it has come."""
        ...


class History(Protocol):
    """What knows the earlier runs: a `HistoryLookup`."""

    def look(self, operation: str, going: bool, local: float) -> EarlierRuns:
        """Return what is known of them by now."""
        ...


class Follower:
    """The state of the application behind its screen; `left` says that it is to end."""

    def __init__(
        self,
        feed: Source,
        theme: Theme,
        finish_time: FinishTime | None = None,
        history: History | None = None,
        *,
        tells_hosts: bool = False,
        labels: Sequence[tuple[str, str]] = (),
        by: str | None = None,
    ) -> None:
        self.theme = theme
        self._history = history
        self.left = False
        self._feed = feed
        self._board = Board(feed.replica)
        self._board.tells_hosts = tells_hosts
        if labels:
            self._board.accepts = lambda operation: is_labelled(
                operation, labels, feed.replica.operations
            )
        if tells_hosts or by is not None:
            self._board.rollup = Rollup(self._board, theme, by).lines
        self._view = View(self._board, theme, finish_time=finish_time)
        self.navigation = Navigation(Tree(self._board))
        self.navigation.browsing.refusal = self._refusal
        self._screen = TopScreen(self._board, theme, self.navigation, self._view)
        self._requests = OwnerRequests()
        self._log = LogFollower()
        self._looked_at: str | None = None
        self._looked_since = 0.0
        self._shown: tuple[int, str | None] = (-1, None)  # second and note of the last look

    def turn(self) -> bool:
        """Take in what has come; return whether it is worth a new picture."""
        feed = self._feed
        feed.wait(0.0, rest=True)
        feed.lines.clear()
        local = feed.clock()
        changes = feed.replica.take()
        for name in changes.removed:
            self.navigation.forget(name)
        now = feed.replica.time(local)
        self._board.absorb(changes, now)
        self._view.invalidate([*changes.operations, *changes.removed])
        told = self._requests.take(feed)
        if told is not None:
            self.navigation.browsing.message = told
        read = self._look(local)
        shown = (int(now), feed.note())
        due = shown != self._shown
        self._shown = shown
        return bool(
            changes.operations
            or changes.removed
            or changes.fresh
            or told is not None
            or read
            or due
        )

    def picture(self, columns: int, lines: int) -> list[Line]:
        """Return the lines of the screen as of now."""
        feed = self._feed
        self._screen.output, self._screen.no_output = self._log.lines, self._log.absent
        return self._screen.picture(columns, lines, feed.replica.time(feed.clock()), feed.note())

    def press(self, key: str) -> None:
        """Act on a key."""
        self._act(self.navigation.press(key))

    def type(self, words: str) -> None:
        """Take pasted text."""
        self.navigation.type(words)

    def click(self, column: int, line: int) -> None:
        """Act on a click into a cell of the last picture."""
        self._act(self.navigation.click(self._screen.target(column, line)))

    def wheel(self, by: int) -> None:
        """Scroll by a notch, down if `by` is positive."""
        self.navigation.wheel(by)

    def _look(self, local: float) -> bool:
        """Follow the log of the operation that is looked at; return whether any of it came."""
        looked_at = self.navigation.operation
        if looked_at != self._looked_at:
            self._looked_at, self._looked_since = looked_at, local
            self._log.follow(None, None, local)
        operation = self._feed.replica.operations.get(looked_at or "")
        earlier_runs = EarlierRuns()
        if operation is not None and self._history is not None:
            earlier_runs = self._history.look(operation.id, operation.open, local)
        told, self._screen.earlier_runs = earlier_runs != self._screen.earlier_runs, earlier_runs
        if local - self._looked_since < REST:
            return told
        self._log.follow(looked_at, self._feed, local)
        return self._log.take(self._feed, self._feed.replica.operations, local) or told

    def _act(self, action: Action | None) -> None:
        if action is None:
            return
        if action.what == QUIT:
            self.left = True
            return
        name = (action.operation or "").partition("/")[0]
        operation = self._feed.replica.operations.get(name)
        if operation is not None:
            ask = self._requests.cancel if action.what == CANCEL else self._requests.pause
            self.navigation.browsing.message = ask(self._feed, operation)

    def _refusal(self, row: str) -> str:
        return refusal(self._feed.replica.operations.get(row.partition("/")[0]))
