"""The loop of every command that follows the broker: take in, look, show, until it is over."""

from __future__ import annotations

import select
import signal
import time
from typing import Callable, Protocol

from headway_viewer.commands.selection import NONE_SEEN, Selection
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.signals import Interrupts
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Changes

SETTLE = 0.5  # seconds in which nothing new may begin before it is over
SAY_AFTER = 1.0  # seconds until it is said that what is waited for has not begun
GAVE_UP = 124  # as timeout(1)


class Display(Protocol):
    """One way to show things; while it is `resting` there is no use in showing it more."""

    resting: bool

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Show what changed; returns in how many seconds it wants to be called again."""
        ...

    def pause(self) -> None:
        """The process is about to be stopped."""
        ...

    def finish(self, local: float, remark: str | None = None) -> None:
        """It is over; `remark` is to be said last."""
        ...


class Silent:
    """Shows nothing, for `headway wait`."""

    resting = False

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Do nothing."""
        del changes, note, local
        return 30.0

    def pause(self) -> None:
        """Do nothing."""

    def finish(self, local: float, remark: str | None = None) -> None:
        """Do nothing."""


class Patient(Silent):
    """Shows nothing, but says once what has not begun after a moment, for `headway wait`."""

    def __init__(self, awaited: Callable[[], str | None], say: Callable[[str], object]) -> None:
        self._awaited = awaited
        self._say = say
        self._since: float | None = None

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Say it when it is time."""
        del changes, note
        self._since = local if self._since is None else self._since
        left = self._since + SAY_AFTER - local
        if left > 0:
            return left
        awaited = self._awaited()
        if awaited is not None:
            self._say(f"waiting for {awaited} to begin")
            self._awaited = lambda: None
        return 30.0


def follow(
    feed: Feed,
    board: Board,
    selection: Selection,
    display: Display,
    *,
    until_done: bool,
    detaches: bool,
    timeout: float | None = None,
    output: int | None = None,
) -> int:
    """Show what goes on until it is over or somebody interrupts; returns the exit status.

    With `detaches`, Ctrl+C only leaves: exit status 0. Raises `selection.Ambiguous`, and
    `BrokenPipeError` where nobody reads any longer, as soon as nobody reads `output`.
    """
    replica = feed.replica
    clock = feed.clock
    replica.know_nothing(clock(), time.time())
    until = None if timeout is None else clock() + timeout
    over: float | None = None
    pause = 0.0
    output_errors = select.poll()
    if output is not None:
        output_errors.register(output, 0)
        feed.output = output
    with Interrupts() as interrupts:
        feed.wake = interrupts.wake
        try:
            while True:
                feed.wait(_least(pause, until, clock()), rest=display.resting)
                interrupts.drain()
                local = clock()
                if interrupts.received is not None:
                    return _interrupted(
                        interrupts.received, selection, board, display, detaches, local
                    )
                if interrupts.suspended:
                    display.pause()
                    interrupts.suspend()
                _stop_unread(output_errors)
                changes = replica.take()
                now = replica.time(local)
                found = selection.update(replica, now)
                changes.operations.extend(set(found).difference(changes.operations))
                board.absorb(changes, now)
                pause = display.show(changes, feed.note(), local)
                if isinstance(display, Jsonl):
                    display.log(feed.lines, local)
                feed.lines.clear()
                pause = _least(pause, selection.look_again(now), 0.0)
                if until_done and selection.done(board):
                    over = local if over is None else over
                    if local - over >= SETTLE:
                        display.finish(local)
                        return selection.exit_status(board)
                    pause = min(pause, SETTLE)
                else:
                    over = None
                if until is not None and local >= until:
                    display.finish(local, "gave up waiting")
                    return NONE_SEEN if not selection.mine(board) else GAVE_UP
        except BaseException:
            display.pause()
            raise


def _stop_unread(output_errors: select.poll) -> None:
    if output_errors.poll(0):
        raise BrokenPipeError


def _least(pause: float, until: float | None, now: float) -> float:
    return pause if until is None else max(min(pause, until - now), 0.0)


def _interrupted(
    number: int,
    selection: Selection,
    board: Board,
    display: Display,
    detaches: bool,
    local: float,
) -> int:
    going = sum(operation.open for operation in selection.mine(board))
    remark = None
    if going and detaches:
        it, they = ("it goes", "it") if going == 1 else ("they go", "them")
        remark = f"detached; {it} on: `headway view` shows {they} again"
    display.finish(local, remark)
    return 0 if number == signal.SIGINT and detaches else 128 + number
