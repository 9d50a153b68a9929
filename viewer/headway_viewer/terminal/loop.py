"""The loop of a terminal's viewer process: follow the broker, observe the terminal, draw.

Shell. `etiquette` decides when to draw. The loop observes the terminal and the processes in
it, ten times a second while something is drawn.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import termios
from types import FrameType
from typing import NamedTuple

from headway import terminal_mode
from headway.formatting import theme
from headway.host import terminfo
from headway.host.files.printed_ends import PrintedEnds
from headway.host.files.terminal_locks import FRONT, TerminalLock
from headway.model import Operation
from headway.run.kernel.inner_terminal import inner_mode
from headway.states import CRASHED, FAILED
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.display.clock import clock_time
from headway_viewer.display.taskbar import TerminalTaskbar
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.picture.board import Board
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.view import View
from headway_viewer.replica.replica import Changes, Replica
from headway_viewer.terminal.etiquette import Etiquette, TerminalState
from headway_viewer.terminal.pools import JUST_ENDED, Pool, Pools
from headway_viewer.terminal.processes import (
    group_size,
    is_running,
    pool_parent,
    process_group,
)
from headway_viewer.terminal.region_lock import RegionLock
from headway_viewer.terminal.scroll_region import max_rows

FRAME_INTERVAL = 0.1  # seconds between frames, and between observations of the terminal
POOL_INTERVAL = 0.01  # seconds between looks whether a pool has ended
IDLE_INTERVAL = 0.5  # seconds between observations while nothing is drawn
MIN_DURATION = 0.5  # seconds an operation must last to be drawn or to leave a receipt
FIRST_OPERATION_TIMEOUT = 5.0  # seconds to wait for a first operation
# Seconds after the last worker's death in which the broker may tell how its operations ended: it
# reads the will of a worker that its pool has terminated.
ENDS_TIMEOUT = 2.0


class DrawTarget(NamedTuple):
    """The terminal to draw on, by its name and a descriptor."""

    tty: str
    descriptor: int


class _Terminated(Exception):
    """Raised by SIGTERM and SIGHUP."""


def run_terminal(target: DrawTarget) -> int:
    """Draw the operations of a terminal until their last program has ended; return 0."""
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGHUP, _terminate)
    replica = Replica()
    feed = Feed(replica, endpoint_finder(start=False))
    loop = TerminalLoop(target, feed)
    try:
        loop.run()
    except (_Terminated, OSError):
        pass
    finally:
        loop.release()
        feed.close()
    return 0


def _terminate(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise _Terminated


class TerminalLoop:
    """The state of the loop: replica, picture, scroll region and workers."""

    def __init__(self, target: DrawTarget, feed: Feed) -> None:
        self._target = target
        self._feed = feed
        self._replica = feed.replica
        self._host = platform.node() or None
        self._board = Board(self._replica)
        self._board.accepts = self._accepts
        self._theme = theme.for_encoding(
            sys.stderr.encoding, coloured=terminfo.coloured(terminal=True, environ=os.environ)
        )
        self._finish_time = FinishTime(clock_time)
        self._view = View(self._board, self._theme, bare=True, finish_time=self._finish_time)
        self._printed = PrintedEnds(target.descriptor)
        self._etiquette = Etiquette(self._printed.claim)
        self._workers: set[int] = set()
        self._groups: dict[int, int] = {}  # of the workers, also of those that have died
        self._at_work = feed.clock()  # when a worker was last seen, or an end
        self._pool_parents: dict[int, int | None] = {}  # of the workers, once looked up
        self._pools = Pools()
        self._open_by_id: dict[str, bool] = {}  # of the operations of this terminal
        self._front = TerminalLock(target.descriptor, FRONT)
        self._region_lock = RegionLock(target.descriptor)
        self._taskbar = TerminalTaskbar(self._board, target.descriptor)
        self._attached = feed.clock()

    def run(self) -> None:
        """Draw until no worker is left."""
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
                self._view = View(
                    self._board, self._theme, bare=True, finish_time=self._finish_time
                )
            self._track(changes, now)
            for pool in self._pools.take(now):
                self._leave_receipt(pool, now)
            if self._etiquette.pending or local - drawn >= FRAME_INTERVAL:
                drawn = local
                self._draw(now)
            if not self._is_needed(local):
                return

    def release(self) -> None:
        """Release the scroll region."""
        try:
            rows = terminal_size(self._target.descriptor)[1]
            if self._region_lock.held:
                self._region_lock.write(self._etiquette.region.release(rows), 0)
            self._taskbar.clear()
        except (_Terminated, OSError):
            pass

    def _pause(self, passed: float) -> float:
        if self._pools.idle:
            return POOL_INTERVAL
        just_ended = self._feed.clock() - self._at_work < JUST_ENDED and not self._workers
        if self._board.open or self._etiquette.region.height or self._etiquette.pending:
            just_ended = True
        if just_ended:
            return max(FRAME_INTERVAL - passed, 0.005)
        return IDLE_INTERVAL

    def _accepts(self, operation: Operation) -> bool:
        return (
            operation.tty == self._target.tty
            and operation.host == self._host
            and operation.display in (None, "auto", "live")
        )

    def _track(self, changes: Changes, now: float) -> None:
        """Note the operations of this terminal, and which of them have ended."""
        for name in changes.operations:
            operation = self._replica.operations[name]
            if not self._accepts(operation):
                continue
            was_open = self._open_by_id.get(name)
            self._open_by_id[name] = operation.open
            if operation.open:
                if operation.pid:
                    self._add_worker(operation.pid)
                if not was_open:
                    self._begin(operation)
            elif was_open or was_open is None:
                self._on_end(operation, now, was_open is not None)
        for name in changes.removed:
            self._open_by_id.pop(name, None)
            self._pools.forget(name)

    def _begin(self, operation: Operation) -> None:
        """Note an operation that has begun with its pool, if it is of one."""
        if operation.parent is not None or not operation.pid or operation.coarser is not None:
            return
        if operation.rank is not None:
            self._pools.begin(operation, operation.rank[0])
            return
        if operation.pid not in self._pool_parents:
            self._pool_parents[operation.pid] = pool_parent(operation.pid)
        parent = self._pool_parents[operation.pid]
        if parent is not None:
            self._pools.begin(operation, parent)

    def _leave_receipt(self, pool: Pool, now: float) -> None:
        """Print the one receipt of a pool."""
        receipt = None
        leaves = pool.leaves_receipt(now, self._still_runs)
        if leaves and pool.seconds >= MIN_DURATION:
            width = max(terminal_size(self._target.descriptor)[0] - 1, 0)
            receipt = self._theme.paint(self._view.pool_receipt(pool.operations, width))
        members = [one.id for one in pool.operations]
        self._etiquette.add_ended(members[-1], receipt, members)

    def _on_end(self, operation: Operation, now: float, seen: bool) -> None:
        ended = now if operation.ended is None else operation.ended
        if operation.id in self._printed:  # by a loop before this one, or by its program
            if seen:
                self._etiquette.add_ended(operation.id, None)  # which waits for the last frame
            return
        if not seen:
            # Its program may wait for the receipt: its group has the terminal then.
            runs = self._still_runs(operation)
            if now - ended > JUST_ENDED and not runs:
                return
            self._begin(operation)  # of a pool, it counts in the receipt of all
        if self._pools.end(operation, now):
            # The last one is acknowledged with the receipt, for which its worker waits.
            if not self._pools.idle:
                self._etiquette.add_ended(operation.id, None)
            return
        lasted = ended - operation.started if operation.started is not None else 0.0
        receipt = None
        leaves = operation.receipt or operation.state in (FAILED, CRASHED)
        if lasted >= MIN_DURATION and operation.parent is None and leaves:
            width = max(terminal_size(self._target.descriptor)[0] - 1, 0)
            receipt = self._theme.paint(self._view.receipt(operation, width, reason=True))
        self._etiquette.add_ended(operation.id, receipt)

    def _still_runs(self, operation: Operation) -> bool:
        """Return whether the program of an ended operation runs, and so waits for its receipt."""
        if not operation.pid or not is_running(operation.pid):
            return False
        self._add_worker(operation.pid)
        return True

    def _add_worker(self, pid: int) -> None:
        self._workers.add(pid)
        group = process_group(pid)
        if group is not None:
            self._groups[pid] = group

    def _draw(self, now: float) -> None:
        columns, rows = terminal_size(self._target.descriptor)
        yields = self._front.is_taken()  # to `headway view`, which shows these operations
        if not yields and not self._region_lock.acquire():
            return  # it is just leaving
        lines: list[str] = []
        drawable = not yields and columns > 1
        if drawable and any(self._is_long_enough(made, now) for made in self._open_operations()):
            body = self._view.body(columns - 1, max_rows(rows), now)
            lines = [self._theme.paint(line) for line in body]
        seen = self._observe(columns, rows)
        if yields:
            seen = seen._replace(foreground=False)
        out, acknowledged = self._etiquette.step(seen, lines)
        if self._region_lock.held:
            self._region_lock.write(out, self._etiquette.region.height)
            if not yields:
                self._taskbar.show(now)
        if yields:
            self._region_lock.release()
        if acknowledged:
            self._feed.request("drawn", {"operations": acknowledged})

    def _open_operations(self) -> list[Operation]:
        return list(self._board.roots("running", "waiting", "pending"))

    def _is_long_enough(self, operation: Operation, now: float) -> bool:
        return operation.started is not None and now - operation.started >= MIN_DURATION

    def _observe(self, columns: int, rows: int) -> TerminalState:
        descriptor = self._target.descriptor
        foreground = others_in_foreground = False
        try:
            group = os.tcgetpgrp(descriptor)
            groups = [process_group(pid) for pid in self._workers]
            # A pool's program goes on when its workers have died, in their group.
            foreground = group in groups or group in self._groups.values()
            modes = termios.tcgetattr(descriptor)
            mode = terminal_mode.line_mode(modes)
            if mode == terminal_mode.RAW and foreground:
                here = [pid for pid in self._workers if process_group(pid) == group]
                mode = inner_mode(here, os.fstat(descriptor).st_rdev) or mode
            if mode == terminal_mode.RAW and foreground:
                others_in_foreground = terminal_mode.is_relayed(modes) or group_size(
                    group
                ) > groups.count(group)
            return TerminalState(
                columns,
                rows,
                foreground,
                mode != terminal_mode.RAW,
                mode != terminal_mode.SECRET,
                others_in_foreground,
            )
        except (OSError, termios.error):
            # Not the controlling terminal, so its foreground group and modes are unknown.
            return TerminalState(columns, rows, bool(self._workers), True, True, False)

    def _is_needed(self, local: float) -> bool:
        """Return whether a worker is running, or a first operation may still come."""
        self._workers = {pid for pid in self._workers if is_running(pid)}
        if self._workers or self._etiquette.pending or self._pools.idle:
            self._at_work = local
            return True
        if any(self._open_by_id.values()) and local - self._at_work < ENDS_TIMEOUT:
            return True
        return not self._open_by_id and local - self._attached < FIRST_OPERATION_TIMEOUT
