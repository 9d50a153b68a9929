"""The file of the history: opening it, and what to do about one that cannot be opened."""

from __future__ import annotations

import os
import sqlite3
import time

from headway_broker.history import schema


def connect(path: str) -> sqlite3.Connection:
    """Open the file at `path`, brought up to date.

    Raises `sqlite3.Error`, `schema.TooNew` or OSError.
    """
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.close(descriptor)
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # A commit survives the end of any process; only a loss of power can undo the last.
        connection.execute("PRAGMA synchronous = NORMAL")
        schema.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def set_aside(path: str) -> str:
    """Move a corrupt file out of the way and return where to."""
    aside = f"{path}.corrupt-{int(time.time())}"
    os.replace(path, aside)
    for suffix in ("-wal", "-shm"):
        try:
            os.replace(path + suffix, aside + suffix)
        except FileNotFoundError:
            pass
    return aside


def is_temporary(error: sqlite3.OperationalError) -> bool:
    """Whether it is for a full disk or another's lock that the file cannot be opened."""
    return any(word in str(error) for word in ("full", "locked", "I/O"))
