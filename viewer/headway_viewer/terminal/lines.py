"""Lines on a program's standard error, for CI's log or as the program was asked.

Shell: a process of its own, as the work never draws. It ends with the program, or else CI
would wait for the log to be closed.
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
from headway_viewer.terminal.processes import lives

KINDS = ("plain", "json")
REST = 0.5  # seconds between two looks whether the program still runs
HURRY = 0.05  # and when its operations have ended, so that it is about to leave
CRASH = 1.5  # seconds after its death in which the broker tells how it ended


def print_lines(descriptor: int, pid: int, kind: str = "plain") -> int:
    """Append lines, "plain" or "json", about one process's operations until it has ended."""
    replica = Replica()
    board = Board(replica)
    board.accepts = lambda operation: operation.pid == pid
    stream = open(descriptor, "w", encoding=sys.stderr.encoding, errors="replace", closefd=False)  # noqa: SIM115
    look = theme.for_encoding(stream.encoding, coloured=False)
    feed = Feed(replica, endpoint_finder(start=False))
    replica.know_nothing(feed.clock(), time.time())
    lines: Plain | Jsonl
    if kind == "json":
        lines = Jsonl(replica, stream, lambda: set(board.seen))
    else:
        lines = Plain(board, look, stream, time_of_day)
    told: set[str] = set()
    died: float | None = None
    try:
        while True:
            feed.wait(REST if board.open and died is None else HURRY)
            local = feed.clock()
            changes = replica.take()
            board.absorb(changes, replica.time(local))
            lines.show(changes, None, local)
            if isinstance(lines, Jsonl):
                lines.log(feed.lines, local)
            feed.lines.clear()
            mine = [replica.operations[name] for name in board.seen if name in replica.operations]
            new = [made.id for made in mine if not made.open and made.id not in told]
            if new and feed.request("drawn", {"operations": new}) is not None:
                told.update(new)
            if died is None and not lives(pid):
                died = local
            if died is not None and (not board.open or local - died > CRASH):
                return 0
    except OSError:
        return 0  # nobody reads any longer
    finally:
        feed.close()
