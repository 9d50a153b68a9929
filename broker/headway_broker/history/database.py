"""The SQLite file of the history: opened, set aside if corrupt, retried if that may help."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from typing import Callable

from headway_broker.history import schema
from headway_broker.history.damaged_file import salvage

NAME = "history.sqlite3"
COMPLAIN_EVERY = 60.0  # seconds between two log lines about a file that cannot be written
# Seconds of failures after which the file counts as lost: what waits for it is then acknowledged
# as stored, for programs hold their exit and their spool file until it is. A full disk or a lock
# is often gone by then.
GIVE_UP_AFTER = 60.0
# What may pass: no room, no descriptor, a disk or a network drive that does not answer just now.
TEMPORARY = (
    errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ESTALE,
)  # fmt: skip


class Database:
    """The SQLite file and the connection to it, if there is one.

    No method raises: a corrupt file is set aside, an unusable one is done without, and either is
    logged.
    """

    def __init__(self, path: str, log: Callable[[str], None]) -> None:
        self.connection: sqlite3.Connection | None = None
        self.closed_for_now = False  # could not be opened, but is tried again
        self._path = path
        self._log = log
        self._complained = float("-inf")
        self._failing_since: float | None = None
        self.open()

    @property
    def usable(self) -> bool:
        """Return whether there is a file to write to, or may be later."""
        return self.connection is not None or self.closed_for_now

    def open(self) -> None:
        """Open the file, or set `closed_for_now` if it is worth trying again."""
        self.closed_for_now = False
        self.connection = self._open()

    def close(self) -> None:
        """Close the connection for good."""
        if self.connection is not None:
            self.connection.close()

    def attempt(self, action: Callable[[sqlite3.Connection], None]) -> bool:
        """Call `action` with the connection; return False if it failed but may succeed later."""
        if self.connection is None:
            return not self.closed_for_now
        try:
            action(self.connection)
        except sqlite3.OperationalError as error:  # a full disk or a lock: a retry may help
            self.complain(f"history: not written: {error}")
        except sqlite3.DatabaseError as error:
            self.salvage(error)
        except Exception as error:
            self.complain(f"history: not written: {error!r}")
            return True
        else:
            return True
        return False

    def salvage(self, error: Exception) -> None:
        """Set a damaged file aside, and take what can be read of it into a new one."""
        self.close()
        aside = self._put_aside(error)
        self.open()
        if aside is not None and self.connection is not None:
            self._log(f"history: {salvage(aside, self.connection)}")

    def may_recover(self) -> bool:
        """Return whether to retry after a failure: failures have not lasted `GIVE_UP_AFTER` yet."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since < GIVE_UP_AFTER

    def recovered(self) -> None:
        """Note a success: the file has been written to or opened."""
        self._failing_since = None

    def complain(self, text: str) -> None:
        """Write into the log, at most once in `COMPLAIN_EVERY` seconds."""
        now = time.monotonic()
        if now - self._complained >= COMPLAIN_EVERY:
            self._complained = now
            self._log(text)

    def _open(self) -> sqlite3.Connection | None:
        for again in (True, False):  # again where it could not even be set aside
            try:
                return connect(self._path)
            except schema.TooNew as error:
                self._log(f"history: {self._path} is left alone: {error}")
                return None
            except sqlite3.OperationalError as error:
                if is_temporary(error) and self.may_recover():
                    self.closed_for_now = True
                    self.complain(f"history: not opened: {self._path}: {error}")
                    return None
                self._log(f"history: done without: {self._path}: {error}")
                return None
            except sqlite3.DatabaseError as error:
                if not again:
                    self._log(f"history: done without: {self._path}: {error}")
                    return None
                aside = self._put_aside(error)
                if aside is not None:
                    return self._open_salvaged(aside)
            except OSError as error:
                if error.errno in TEMPORARY and self.may_recover():
                    self.closed_for_now = True
                    self.complain(f"history: not opened: {error}")
                    return None
                self._log(f"history: done without: {error}")
                return None
        return None

    def _open_salvaged(self, aside: str) -> sqlite3.Connection | None:
        try:
            connection = connect(self._path)
        except (sqlite3.Error, OSError) as error:
            self._log(f"history: done without: {self._path}: {error}")
            return None
        self._log(f"history: {salvage(aside, connection)}")
        return connection

    def _put_aside(self, error: Exception) -> str | None:
        try:
            aside = set_aside(self._path)
        except OSError as failure:
            self._log(f"history: {error}; cannot be set aside: {failure}")
            return None
        self._log(f"history: {error}; set aside as {aside}")
        return aside


def connect(path: str) -> sqlite3.Connection:
    """Open the file at `path` and migrate it to the current schema.

    Raise `sqlite3.Error`, `schema.TooNew` or OSError.
    """
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.close(descriptor)
    # 5 s, which is SQLite's own wait, for `headway history --forget` to end its transaction.
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # In WAL mode a commit survives the end of any process; only a loss of power can undo the
        # last ones. FULL would cost an fsync for each.
        connection.execute("PRAGMA synchronous = NORMAL")
        schema.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def set_aside(path: str) -> str:
    """Rename a corrupt file, with its WAL, and return the new path."""
    aside = f"{path}.corrupt-{int(time.time())}"
    os.replace(path, aside)
    for suffix in ("-wal", "-shm"):
        try:
            os.replace(path + suffix, aside + suffix)
        except FileNotFoundError:
            pass
    return aside


def is_temporary(error: sqlite3.OperationalError) -> bool:
    """Return whether an error is a full disk, a lock or an I/O error, which may pass."""
    return any(word in str(error) for word in ("full", "locked", "I/O"))
