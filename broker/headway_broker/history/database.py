"""The file of the history: opened, set aside where it is corrupt, tried again where it may pass."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from typing import Callable, Generator

from headway_broker.history import schema

NAME = "history.sqlite3"
COMPLAIN_EVERY = 60.0  # seconds between two lines in the log that say that it cannot be written
HOPE = 60.0  # seconds of failing after which nobody waits for it any more: exits would for ever


class Database:
    """One SQLite file and the connection to it, if there is one.

    Nothing here raises: a file that is corrupt is set aside, one that cannot be used is done
    without, and both are said in the log.
    """

    def __init__(self, path: str, log: Callable[[str], None]) -> None:
        self.connection: sqlite3.Connection | None = None
        self.closed_for_now = False  # the file could not be opened, but may be later
        self._path = path
        self._log = log
        self._complained = float("-inf")
        self._failing_since: float | None = None
        self.open()

    @property
    def usable(self) -> bool:
        """Whether there is a file to write to, or will be."""
        return self.connection is not None or self.closed_for_now

    def open(self) -> None:
        """Open the file, or find out whether it is worth trying again."""
        self.closed_for_now = False
        self.connection = self._open()

    def close(self) -> None:
        """Close the connection; it is not opened again."""
        if self.connection is not None:
            self.connection.close()

    def attempt(self, action: Callable[[sqlite3.Connection], None]) -> bool:
        """Do something with the file; false if it may work later. That is said now and then."""
        if self.connection is None:
            return not self.closed_for_now
        try:
            action(self.connection)
        except sqlite3.OperationalError as error:  # a full disk, a lock: it may pass
            self.complain(f"history: not written: {error}")
        except sqlite3.DatabaseError as error:
            self.connection.close()
            self._put_aside(error)
            self.open()
        except Exception as error:
            self.complain(f"history: not written: {error!r}")
            return True
        else:
            return True
        return False

    def hopes(self) -> bool:
        """Return whether what has just failed may still pass: it has not failed for long."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since < HOPE

    def works(self) -> None:
        """Forget that anything has failed: it has just been written to, or been opened again."""
        self._failing_since = None

    def complain(self, text: str) -> None:
        """Say something in the log, unless something was said a moment ago."""
        now = time.monotonic()
        if now - self._complained >= COMPLAIN_EVERY:
            self._complained = now
            self._log(text)

    def _open(self) -> sqlite3.Connection | None:
        for again in (True, False):
            try:
                return connect(self._path)
            except schema.TooNew as error:
                self._log(f"history: {self._path} is left alone: {error}")
                return None
            except sqlite3.OperationalError as error:
                if is_temporary(error) and self.hopes():
                    self.closed_for_now = True
                    self.complain(f"history: not opened: {self._path}: {error}")
                    return None
                self._log(f"history: done without: {self._path}: {error}")
                return None
            except sqlite3.DatabaseError as error:
                if not again:
                    self._log(f"history: done without: {self._path}: {error}")
                    return None
                self._put_aside(error)
            except OSError as error:
                self._log(f"history: done without: {error}")
                return None
        return None

    def _put_aside(self, error: Exception) -> None:
        try:
            self._log(f"history: {error}; set aside as {set_aside(self._path)}")
        except OSError as failure:
            self._log(f"history: {error}; cannot be set aside: {failure}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """Make what is done inside one transaction: all of it is in the file, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite has undone it where the disk is full
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


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
    """Return whether it is for a full disk or another's lock that the file cannot be opened."""
    return any(word in str(error) for word in ("full", "locked", "I/O"))
