"""Plain lines on a program's standard error where that is no terminal: CI's log.

Shell: a process of its own, as the work never draws. It ends with the program, or else CI
would wait for the log to be closed.
"""

from __future__ import annotations

import os
import sys
import time

from headway_viewer import theme
from headway_viewer.cli import finder
from headway_viewer.display.plain import Plain
from headway_viewer.feed import Feed
from headway_viewer.replica import Replica
from headway_viewer.rows import Board

REST = 0.5  # seconds between two looks whether the program still runs


def print_lines(descriptor: int, pid: int | None) -> int:
    """Append plain lines about one process's operations until it has ended."""
    replica = Replica()
    board = Board(replica)
    board.accepts = lambda operation: pid is None or operation.pid == pid
    stream = open(descriptor, "w", encoding=sys.stderr.encoding, errors="replace", closefd=False)  # noqa: SIM115
    look = theme.make(
        ascii_only=not theme.encodes(stream.encoding),
        coloured=False,
    )
    feed = Feed(replica, finder(start=False))
    replica.know_nothing(feed.clock(), time.time())
    plain = Plain(board, look, stream)
    told: set[str] = set()
    try:
        while True:
            feed.wait(REST)
            feed.lines.clear()
            local = feed.clock()
            changes = replica.take()
            board.absorb(changes, replica.time(local))
            plain.show(changes, None, local)
            mine = [replica.operations[name] for name in board.seen if name in replica.operations]
            ended = [operation.id for operation in mine if not operation.open]
            new = [name for name in ended if name not in told]
            if new:
                told.update(new)
                feed.request("drawn", {"operations": new})
            if pid is None or not _lives(pid):
                return 0
    except OSError:
        return 0  # nobody reads any longer
    finally:
        feed.close()


def _lives(pid: int) -> bool:
    try:
        os.getpgid(pid)
    except OSError:
        return False
    return True
