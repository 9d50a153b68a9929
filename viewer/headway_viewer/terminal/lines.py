"""Append plain or JSON lines to a program's standard error, in a CI log or on request.

Shell: a viewer process for one program. It ends with the program: CI waits until the log is
closed.
"""

from __future__ import annotations

import sys
import time

from headway.formatting import theme
from headway_viewer.connection.endpoint import endpoint_finder
from headway_viewer.connection.feed import Feed
from headway_viewer.display.clock import time_of_day
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.display.plain import Plain
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica
from headway_viewer.terminal.processes import is_running

LINE_KINDS = ("plain", "json")
IDLE_INTERVAL = 0.5  # seconds between checks whether the program runs
EXIT_INTERVAL = 0.05  # seconds between them once its operations have ended: it is about to exit
VERDICT_TIMEOUT = 1.5  # seconds after its exit for the broker's verdict on its operations


def run_lines(descriptor: int, pid: int, kind: str = "plain") -> int:
    """Append lines about the operations of process `pid` until it has ended; return 0.

    `kind` is one of `LINE_KINDS`.
    """
    replica = Replica()
    board = Board(replica)
    board.accepts = lambda operation: operation.pid == pid
    stream = open(descriptor, "w", encoding=sys.stderr.encoding, errors="replace", closefd=False)  # noqa: SIM115
    plain_theme = theme.for_encoding(stream.encoding, coloured=False)
    feed = Feed(replica, endpoint_finder(start=False))
    replica.set_clocks(feed.clock(), time.time())
    lines: Plain | Jsonl
    if kind == "json":
        lines = Jsonl(replica, stream, lambda: set(board.seen))
    else:
        lines = Plain(board, plain_theme, stream, time_of_day)
    acknowledged: set[str] = set()
    died_at: float | None = None
    try:
        while True:
            feed.wait(IDLE_INTERVAL if board.open and died_at is None else EXIT_INTERVAL)
            local = feed.clock()
            changes = replica.take()
            board.absorb(changes, replica.time(local))
            lines.show(changes, None, local)
            if isinstance(lines, Jsonl):
                lines.log(feed.lines, local)
            feed.lines.clear()
            mine = [replica.operations[name] for name in board.seen if name in replica.operations]
            new = [made.id for made in mine if not made.open and made.id not in acknowledged]
            if new and feed.request("drawn", {"operations": new}) is not None:
                acknowledged.update(new)
            if died_at is None and not is_running(pid):
                died_at = local
            if died_at is not None and (not board.open or local - died_at > VERDICT_TIMEOUT):
                return 0
    except OSError:
        return 0  # the reader has gone
    finally:
        feed.close()
