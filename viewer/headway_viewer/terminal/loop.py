"""The loop of a terminal's viewer process: follow the broker, look at the terminal, draw.

Shell. What to draw when is `scene`'s to decide; here the terminal and the processes that
run in it are looked at, ten times a second while something is drawn.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import termios
from types import FrameType
from typing import Callable, NamedTuple

from headway import terminal_mode
from headway.formatting import theme
from headway.model import Operation
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.display.live import write_all
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.picture.board import Board
from headway_viewer.picture.view import View
from headway_viewer.replica.replica import Changes, Replica
from headway_viewer.terminal.etiquette import Scene, Seen
from headway_viewer.terminal.processes import group_of, lives, members
from headway_viewer.terminal.scroll_region import most

LOOK = 0.1  # seconds between two looks at the terminal
REST = 0.5  # and while nothing is drawn
SHORT = 0.5  # seconds: what is over sooner leaves nothing on the screen
FIRST = 5.0  # seconds in which a first operation has to show
GRANT = 10.0  # seconds in which the viewer before this one, killed, is noticed to be gone


class Stand(NamedTuple):
    """Where to draw.

    `held` is told how many rows are about to be reserved; `replaces` says that the viewer
    before this one was killed, so that its claim to the terminal ends soon.
    """

    tty: str
    descriptor: int
    held: Callable[[int], None]
    replaces: bool


class _Left(Exception):
    """Somebody asked this process to end."""


def draw(stand: Stand) -> int:
    """Draw the operations of a terminal until the last program of them has ended."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    replica = Replica()
    feed = Feed(replica, endpoint_finder(start=False))
    player = Player(stand, feed)
    try:
        player.play()
    except (_Left, OSError):
        pass
    finally:
        player.stop()
        feed.close()
    return 0


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise _Left


class Player:
    """Everything the loop holds."""

    def __init__(self, stand: Stand, feed: Feed) -> None:
        self._stand = stand
        self._feed = feed
        self._replica = feed.replica
        self._host = platform.node() or None
        self._board = Board(self._replica)
        self._board.accepts = self._accepts
        self._look = theme.for_encoding(
            sys.stderr.encoding, coloured=theme.coloured(terminal=True, environ=os.environ)
        )
        self._view = View(self._board, self._look, bare=True)
        self._scene = Scene()
        self._workers: set[int] = set()
        self._known: dict[str, bool] = {}  # the operations here -> whether it was open
        self._granted: str | None = None  # by which broker
        self._asked: int | None = None
        self._began = feed.clock()
        self._again = float("-inf")

    def play(self) -> None:
        """Draw until there is nobody left to draw for."""
        feed = self._feed
        drawn = float("-inf")
        while True:
            feed.wait(self._pause(feed.clock() - drawn))
            feed.lines.clear()
            local = feed.clock()
            changes = self._replica.take()
            now = self._replica.time(local)
            self._board.absorb(changes, now)
            self._view.invalidate(changes.operations)
            if changes.fresh:
                self._view = View(self._board, self._look, bare=True)
            self._follow(changes, now)
            if not self._may_draw(local):
                return
            hurry = self._scene.waiting
            if self._granted is not None and (hurry or local - drawn >= LOOK):
                drawn = local
                self._draw(now)
            if not self._alive(local):
                return

    def stop(self) -> None:
        """Give the terminal back."""
        try:
            rows = terminal_size(self._stand.descriptor)[1]
            self._write(self._scene.region.release(rows), 0)
        except (_Left, OSError):
            pass

    def _pause(self, passed: float) -> float:
        if self._board.open or self._scene.region.height or self._scene.waiting:
            return max(LOOK - passed, 0.005)
        return REST

    def _accepts(self, operation: Operation) -> bool:
        return (
            operation.tty == self._stand.tty
            and operation.host == self._host
            and operation.display in (None, "auto", "live")
        )

    def _follow(self, changes: Changes, now: float) -> None:
        """Note which operations are here, and which have ended."""
        for name in changes.operations:
            operation = self._replica.operations[name]
            if not self._accepts(operation):
                continue
            was_open = self._known.get(name)
            self._known[name] = operation.open
            if operation.open:
                if operation.pid:
                    self._workers.add(operation.pid)
            elif was_open or was_open is None:
                self._ended(operation, now, was_open is not None)
        for name in changes.removed:
            self._known.pop(name, None)

    def _ended(self, operation: Operation, now: float, seen: bool) -> None:
        ended = now if operation.ended is None else operation.ended
        if not seen and now - ended > 1.0:
            return  # long before this viewer came
        took = ended - operation.started if operation.started is not None else 0.0
        receipt = None
        if took >= SHORT and operation.parent is None:
            width = max(terminal_size(self._stand.descriptor)[0] - 1, 0)
            receipt = self._look.paint(self._view.receipt(operation, width, now))
        self._scene.end(operation.id, receipt)

    def _may_draw(self, local: float) -> bool:
        """Whether to go on: the broker lets one viewer at a time draw on a terminal."""
        feed = self._feed
        if not feed.connected or self._replica.instance is None:
            return True
        if self._granted == self._replica.instance:
            return True
        if self._asked is None:
            if local >= self._again:
                self._asked = feed.request("draw", {"tty": self._stand.tty})
            return True
        reply = feed.reply(self._asked)
        if reply is None:
            return True
        self._asked = None
        if reply.result.get("granted"):
            self._granted = self._replica.instance
            return True
        self._again = local + 0.3
        return self._stand.replaces and local - self._began < GRANT

    def _draw(self, now: float) -> None:
        stand = self._stand
        columns, rows = terminal_size(stand.descriptor)
        lines: list[str] = []
        if columns > 1 and any(self._lasts(operation, now) for operation in self._open()):
            body = self._view.body(columns - 1, most(rows), now)
            lines = [self._look.paint(line) for line in body]
        out, told = self._scene.step(self._seen(columns, rows), lines)
        self._write(out, self._scene.region.height)
        if told:
            self._feed.request("drawn", {"operations": told})

    def _open(self) -> list[Operation]:
        return list(self._board.roots("running", "waiting", "pending"))

    def _lasts(self, operation: Operation, now: float) -> bool:
        return operation.started is not None and now - operation.started >= SHORT

    def _write(self, out: str, height: int) -> None:
        if out:
            # Told before it is done: whoever cleans up after us clears too much rather.
            self._stand.held(max(height, self._scene.region.height))
            write_all(self._stand.descriptor, out.encode("utf-8", "replace"))
        self._stand.held(height)

    def _seen(self, columns: int, rows: int) -> Seen:
        descriptor = self._stand.descriptor
        foreground = strangers = False
        try:
            group = os.tcgetpgrp(descriptor)
            groups = [group_of(pid) for pid in self._workers]
            foreground = group in groups
            modes = termios.tcgetattr(descriptor)
            mode = terminal_mode.line_mode(modes)
            if mode == terminal_mode.RAW and foreground:
                strangers = terminal_mode.is_lent(modes) or members(group) > groups.count(group)
            return Seen(
                columns,
                rows,
                foreground,
                mode != terminal_mode.RAW,
                mode != terminal_mode.SECRET,
                strangers,
            )
        except (OSError, termios.error):
            # Not our controlling terminal: all that is known is that somebody draws on it.
            return Seen(columns, rows, bool(self._workers), True, True, False)

    def _alive(self, local: float) -> bool:
        """Whether a program is left, or a first one may still show."""
        self._workers = {pid for pid in self._workers if lives(pid)}
        if self._workers or self._scene.waiting:
            return True
        return not self._known and local - self._began < FIRST
