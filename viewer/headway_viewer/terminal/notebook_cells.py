"""Write pictures of a kernel's operations to its pipe, for the cells of its notebook.

Shell: a viewer process for one kernel. It ends with the kernel, and when nothing has been going on
for a while: the kernel starts another.
"""

from __future__ import annotations

import json
import time

from headway.model import Operation
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.display.clock import time_of_day
from headway_viewer.display.live import write_all
from headway_viewer.display.notebook_cells import FRAME, Cells
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica
from headway_viewer.terminal.processes import is_running, read_process

IDLE_TIMEOUT = 30.0  # seconds with nothing to show after which it ends
DEPTH = 50  # parents of a process that are looked at
REMEMBERED = 10_000  # processes of which it is known whose they are


class Descendants:
    """The processes that a process has started, and those that they have."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._known: dict[int, bool] = {}

    def include(self, operation: Operation) -> bool:
        """Return whether an operation is of one of them, or of the process itself."""
        pid = operation.pid
        if pid is None:
            return False
        if pid not in self._known:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            self._known[pid] = self._descends(pid)
        return self._known[pid]

    def _descends(self, pid: int) -> bool:
        for _ in range(DEPTH):
            if pid == self._pid:
                return True
            process = read_process(pid)
            if process is None or process.parent <= 1:
                return False
            pid = process.parent
        return False


def run_cells(descriptor: int, pid: int) -> int:
    """Write pictures of the kernel `pid` and its child processes, a line each; return 0."""
    replica = Replica()
    board = Board(replica)
    board.accepts = Descendants(pid).include
    cells = Cells(board, pid, time_of_day)
    feed = Feed(replica, endpoint_finder(start=False))
    replica.set_clocks(feed.clock(), time.time())
    busy_at = feed.clock()
    try:
        while is_running(pid):
            feed.wait(FRAME)
            local = feed.clock()
            changes = replica.take()
            now = replica.time(local)
            board.absorb(changes, now)
            feed.lines.clear()
            for picture in cells.take(changes, now):
                write_all(descriptor, f"{json.dumps(picture)}\n".encode())
            if cells.going or board.open:
                busy_at = local
            elif local - busy_at > IDLE_TIMEOUT:
                break
    except OSError:
        pass  # the kernel does not read any more
    finally:
        feed.close()
    return 0
