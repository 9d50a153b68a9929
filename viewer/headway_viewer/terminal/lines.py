"""Append plain or JSON lines to a program's standard error, in a CI log or on request.

Shell: a viewer process for one program. It ends with the program: CI waits until the log is
closed.
"""

from __future__ import annotations

import json
import os
import select
import stat
import subprocess
import sys
import time
from functools import partial
from typing import Any

from headway.formatting import ci_log, theme
from headway.formatting.step_summary import MAX_OPERATIONS, parts_of
from headway.host.files import step_table
from headway.model import Operation
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.spooled_ends import read_ends
from headway_viewer.display.clock import time_of_day
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.display.plain import Plain
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica
from headway_viewer.terminal.processes import is_running

LINE_KINDS = ("plain", "json")
IDLE_INTERVAL = 0.5  # seconds between checks whether the program runs
EXIT_INTERVAL = 0.05  # seconds between them once its operations have ended: it is about to exit
WHY_TIMEOUT = 1.5  # seconds for `headway why`, of all: a table that comes late is none
SPOOL_INTERVAL = 0.5  # seconds between looks for ends that no broker has taken in
STARTING = 60.0  # seconds that this process may have been starting for, while its operations ended
BEGIN_TIMEOUT = 4.0  # seconds after its exit to hear of any: its broker may still be starting
VERDICT_TIMEOUT = 1.5  # seconds after its exit for the broker's verdict on its operations


class Pids:
    """The processes whose operations are told: one, or those whose pids come on a descriptor."""

    def __init__(self, pid: int, descriptor: int | None) -> None:
        self.known: set[int] = {pid} if descriptor is None else set()
        self.descriptor = descriptor
        self._pid = None if descriptor is not None else pid
        self._partial = b""

    def read(self) -> bool:
        """Take in the pids that have come; return whether any has."""
        before = len(self.known)
        while self.descriptor is not None and select.select([self.descriptor], [], [], 0)[0]:
            data = os.read(self.descriptor, 4096)
            if not data:
                self.descriptor = None  # whoever sends them has ended
            *whole, self._partial = (self._partial + data).split(b"\n")
            self.known.update(int(line) for line in whole if line.isdigit())
        return len(self.known) > before

    @property
    def ended(self) -> bool:
        """Return whether no process of them runs any more, and none is to come."""
        return self.descriptor is None and (self._pid is None or not is_running(self._pid))


def run_lines(descriptor: int, pid: int, kind: str = "plain", sender: int | None = None) -> int:
    """Append lines about the operations of process `pid` until it has ended; return 0.

    `kind` is one of `LINE_KINDS`. The operations are those of the processes that it names on the
    descriptor `sender`, where there is one; then the end of that is the end.
    """
    replica = Replica()
    board = Board(replica)
    pids = Pids(pid, sender)
    board.accepts = lambda operation: operation.pid in pids.known
    stream = open(descriptor, "w", encoding=sys.stderr.encoding, errors="replace", closefd=False)  # noqa: SIM115
    plain_theme = theme.for_encoding(stream.encoding, coloured=False)
    feed = Feed(replica, endpoint_finder(start=False))
    begun, unix = feed.clock(), time.time()
    replica.set_clocks(begun, unix)
    board.seen_since = lambda _operation: replica.time(begun) - STARTING
    lines: Plain | Jsonl
    if kind == "json":
        lines = Jsonl(replica, stream, lambda: set(board.seen))
    else:
        annotate = partial(ci_log.error, ci_log.service(os.environ))
        lines = Plain(
            board,
            plain_theme,
            stream,
            time_of_day,
            annotate=annotate,
            is_unseen=partial(is_unseen, descriptor=descriptor),
        )
    acknowledged: set[str] = set()
    table = step_table.path(os.environ)
    died_at: float | None = None
    spool_read = float("-inf")
    try:
        while True:
            feed.wake = pids.descriptor
            feed.wait(IDLE_INTERVAL if board.open and died_at is None else EXIT_INTERVAL)
            local = feed.clock()
            changes = replica.take()
            if pids.read():
                board.select_again()
                changes = changes._replace(operations=list(replica.operations))
            board.absorb(changes, replica.time(local))
            lines.show(changes, None, local)
            if isinstance(lines, Jsonl):
                lines.log(feed.lines, local)
            feed.lines.clear()
            mine = [replica.operations[name] for name in board.seen if name in replica.operations]
            if died_at is None and pids.ended:
                died_at = local
            timeout = VERDICT_TIMEOUT if mine else BEGIN_TIMEOUT
            late = died_at is not None and local - died_at > timeout
            over = bool(mine) and not board.open
            new = [made for made in mine if not made.open and made.id not in acknowledged]
            if new and (over or late or not table):
                # First: the step ends with the program, which waits for the answer.
                write_step_summary(table, new[: max(MAX_OPERATIONS - len(acknowledged), 0)], board)
                ids = [made.id for made in new]
                if feed.request("drawn", {"operations": ids}) is not None or table:
                    acknowledged.update(ids)
            told = sender is None or pids.known <= {made.pid for made in mine}
            if died_at is not None and not (mine and told) and local - spool_read > SPOOL_INTERVAL:
                # Its broker is still starting: the program has left its ends in a file.
                spool_read = local
                spooled = _spooled(replica, pids.known, local)
                if spooled:
                    replica.set_clocks(begun, unix, spooled)
            if late or (died_at is not None and over and told):
                return 0
    except OSError:
        return 0  # the reader has gone
    finally:
        feed.close()


def is_unseen(operation: Operation, descriptor: int) -> bool:
    """Return whether the output of an operation stands elsewhere than the log at `descriptor`.

    It is not passed through, or goes to a file that is not the log itself.
    """
    if operation.coarser is None:
        return True  # no command of `headway run`: what it tells us it need not have printed
    try:
        output = os.stat(f"/proc/{operation.pid}/fd/1")
        if os.path.samestat(output, os.fstat(descriptor)):
            return False
        mode = output.st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or mode == os.stat(os.devnull).st_mode


def _spooled(replica: Replica, pids: set[int], now: float) -> list[Operation]:
    """Return the ends of these processes, and of what is inside, that the replica does not have."""
    found: dict[str, Operation] = {}
    for operation in read_ends(now).operations[::-1]:  # a parent ends after what is inside of it
        parent = (operation.parent or "").partition("/")[0]
        if operation.pid in pids or parent in found:
            found[operation.id] = operation
    return [one for one in found.values() if one.id not in replica.operations]


def write_step_summary(path: str | None, ended: list[Operation], board: Board) -> None:
    """Append to the summary of a CI job's step what operations took, where it can be written."""
    if path and ended:
        inside = board.children
        told = [part for operation in ended for part in (operation, *parts_of(operation, inside))]
        # Without earlier runs there is nothing to ask for.
        known = [operation for operation in told if operation.usual is not None]
        until = time.monotonic() + WHY_TIMEOUT
        answers = {operation.id: _why(operation.id, until) for operation in known[:MAX_OPERATIONS]}
        try:
            step_table.append(path, ended, answers, inside)
        except OSError:
            pass  # the lines of the log go on


def _why(operation: str, until: float) -> dict[str, Any]:
    """Return what an operation took, as `headway why` tells it; {} if it tells nothing in time."""
    timeout = until - time.monotonic()
    if timeout <= 0:
        return {}
    try:
        done = subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-m", "headway", "why", operation, "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    return answer if isinstance(answer, dict) else {}
