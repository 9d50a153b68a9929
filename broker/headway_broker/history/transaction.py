"""A transaction on the history file."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import Generator


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """Run the block in one transaction: all of it is written, or nothing."""
    # IMMEDIATE takes the write lock now: a deferred transaction that upgrades its read lock fails
    # with SQLITE_BUSY at once, without waiting for the timeout of the connection.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # on a full disk SQLite has rolled back by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
