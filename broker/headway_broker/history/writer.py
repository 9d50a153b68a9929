"""What outlives the broker: operations, runs that estimates learn from, claims.

One SQLite file (write-ahead log) in the state directory, written by a thread of its own, so
that a slow disk delays nobody. Nothing here raises into the broker: a file that is corrupt is
set aside, one that cannot be written is done without, and both are said in the log.
"""

from __future__ import annotations

import json
import os
import queue
import sqlite3
import threading
import time
from typing import Any, Callable, Iterable

from headway_broker.estimates.prior import RUNS, typical
from headway_broker.history import schema
from headway_broker.history.database import connect, is_temporary, set_aside
from headway_broker.history.jobs import (
    Claimed,
    Learned,
    Recalled,
    Reopened,
    Stored,
    Wanted,
    awaited,
    still_owed,
)
from headway_broker.state.ledger import KEEP_ENDED, KEEP_SECONDS
from headway_broker.storage.rows import Row

NAME = "history.sqlite3"
RUNS_PER_KEY = 50
RUNS_LIMIT = 20_000
OPEN_DAYS = 30.0  # an open operation that nobody settled is forgotten by then
CLAIM_SECONDS = 86_400.0
PRUNE_EVERY = 3600.0
TYPICAL_EVERY = 60.0
BATCH = 500  # jobs in one transaction
WAITING_LIMIT = 5_000  # jobs that wait for the disk, before open operations are not stored
COMPLAIN_EVERY = 60.0
RETRY = 1.0  # seconds between attempts to write what could not be written
HOPE = 60.0  # seconds of that, after which ends are answered unwritten: exits would wait for ever


class History:
    """The open file and its thread. `results` holds what came back; `wake` is called then."""

    def __init__(
        self,
        directory: str,
        place: str,
        log: Callable[[str], None],
        wake: Callable[[], None],
    ) -> None:
        """Open the file in `directory` for the broker at `place`."""
        self.path = os.path.join(directory, NAME)
        self.results: queue.SimpleQueue[Stored | Recalled | Reopened] = queue.SimpleQueue()
        self._place = place
        self._log = log
        self._wake = wake
        self._jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._complained = float("-inf")
        self._owed: list[Any] = []  # what could not be written, to be tried again
        self._failing_since: float | None = None
        self._closed_for_now = False  # the file could not be opened, but may be later
        self._next_prune = 0.0
        self._typical: float | None = None
        self._next_typical = 0.0
        self._handed = self._done = 0  # jobs; each is changed by one thread
        self._connection = self._open()
        self._thread: threading.Thread | None = None

    @property
    def usable(self) -> bool:
        """Whether there is a file to write to, or will be."""
        return self._connection is not None or self._closed_for_now

    def rows(self) -> list[Row]:
        """What an earlier broker of this place left: open, or ended within the hour."""
        if self._connection is None:
            return []
        since = time.time() - KEEP_SECONDS
        try:
            found = self._connection.execute(
                "SELECT id, revision, ended, session, uid, pid, about, body FROM operations"
                " WHERE place = ? AND (ended IS NULL OR ended >= ?)"
                " ORDER BY ended IS NULL, rowid DESC",  # as stored: wall clocks are set back
                (self._place, since),
            ).fetchall()
        except sqlite3.Error as error:
            self._log(f"history: cannot be read: {error}")
            return []
        rows: list[Row] = []
        finished = 0
        for row in found:
            finished += row[2] is not None
            if row[2] is not None and finished > KEEP_ENDED:
                continue
            try:
                rows.append(Row(*row[:6], about=json.loads(row[6]), body=row[7]))
            except ValueError:
                continue
        rows.reverse()  # open ones, then ended ones, oldest first
        return rows

    def claims(self) -> list[str]:
        """The keys that were claimed within a day."""
        if self._connection is None:
            return []
        since = time.time() - CLAIM_SECONDS
        try:
            found = self._connection.execute(
                "SELECT key FROM claims WHERE claimed >= ? ORDER BY claimed", (since,)
            ).fetchall()
        except sqlite3.Error:
            return []
        return [key for (key,) in found]

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._work, name="history", daemon=True)
        self._thread.start()

    def put(self, jobs: list[Row | Learned | Wanted | Claimed]) -> None:
        """Hand the thread something to do."""
        if self._handed - self._done >= WAITING_LIMIT:  # the disk is slow: what is open can wait
            jobs = [job for job in jobs if awaited(job)]
        self._handed += len(jobs)
        self._jobs.put(jobs)

    def stop(self, timeout: float) -> None:
        """Finish what was handed over, if that takes no longer than `timeout` seconds."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(timeout)
            if self._thread.is_alive():
                return
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> sqlite3.Connection | None:
        self._closed_for_now = False
        for again in (True, False):
            try:
                return connect(self.path)
            except schema.TooNew as error:
                self._log(f"history: {self.path} is left alone: {error}")
                return None
            except sqlite3.OperationalError as error:
                if is_temporary(error) and self._hopes(0):
                    self._closed_for_now = True
                    self._complain(f"history: not opened: {self.path}: {error}")
                    return None
                self._log(f"history: done without: {self.path}: {error}")
                return None
            except sqlite3.DatabaseError as error:
                if not again:
                    self._log(f"history: done without: {self.path}: {error}")
                    return None
                self._put_aside(error)
            except OSError as error:
                self._log(f"history: done without: {error}")
                return None
        return None

    def _put_aside(self, error: Exception) -> None:
        try:
            self._log(f"history: {error}; set aside as {set_aside(self.path)}")
        except OSError as failure:
            self._log(f"history: {error}; cannot be set aside: {failure}")

    def _work(self) -> None:
        stopping = False
        while not stopping:
            try:
                waits = self._owed or self._closed_for_now
                jobs = self._jobs.get(timeout=RETRY if waits else None)
            except queue.Empty:
                jobs = []
            if jobs is None:
                jobs, stopping = [], True  # what is owed is tried once more
            while not stopping and len(jobs) < BATCH:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    stopping = True
                    break
                jobs += more
            if self._closed_for_now:
                self._open_again()
            self._done += len(jobs)
            jobs, self._owed = self._owed + jobs, []
            if not self._write(jobs) and self._hopes(len(jobs)):
                # Not answered: who waits for it keeps a copy, in a file if it has to leave.
                self._owed = still_owed(jobs)
                jobs = [job for job in jobs if isinstance(job, Wanted)]
            self._answer(jobs)
            if time.monotonic() >= self._next_prune:
                self._next_prune = time.monotonic() + PRUNE_EVERY
                self._try(self._prune)

    def _open_again(self) -> None:
        self._connection = self._open()
        if self._connection is not None:
            self._failing_since = None
            self.results.put(Reopened(self.rows(), self.claims()))
            self._wake()

    def _hopes(self, many: int) -> bool:
        """Whether so many that could not be written are to be tried again."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since < HOPE and many < WAITING_LIMIT

    def _write(self, jobs: list[Any]) -> bool:
        """Write what there is to write; whether it is in the file now, or can never be."""
        changes = [job for job in jobs if not isinstance(job, Wanted)]
        if not changes:
            return True

        def transaction(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for job in changes:
                    self._change_alone(connection, job)
            except BaseException:
                if connection.in_transaction:  # SQLite has undone it where the disk is full
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

        written = self._try(transaction)
        if written:
            self._failing_since = None
        return written

    def _change_alone(self, connection: sqlite3.Connection, job: Any) -> None:
        """Write one; what can never be written does not take the others with it."""
        try:
            self._change(connection, job)
        except sqlite3.Error:
            raise
        except Exception as error:
            self._complain(f"history: one row was not written: {error!r}")

    def _change(self, connection: sqlite3.Connection, job: Any) -> None:
        now = time.time()
        if isinstance(job, Row):
            connection.execute(
                "INSERT OR REPLACE INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.operation,
                    self._place,
                    now,
                    job.revision,
                    job.ended,
                    job.session,
                    job.uid,
                    job.pid,
                    json.dumps(job.about),
                    job.body,
                ),
            )
        elif isinstance(job, Learned):
            connection.execute(
                "INSERT INTO runs (key, ended, run) VALUES (?, ?, ?)",
                (job.key, now, json.dumps(job.run)),
            )
            connection.execute(
                "DELETE FROM runs WHERE key = ? AND number NOT IN"
                " (SELECT number FROM runs WHERE key = ? ORDER BY number DESC LIMIT ?)",
                (job.key, job.key, RUNS_PER_KEY),
            )
        elif isinstance(job, Claimed):
            connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (job.key, now))

    def _answer(self, jobs: list[Any]) -> None:
        finals = [
            (job.operation, job.revision)
            for job in jobs
            if isinstance(job, Row) and job.ended is not None
        ]
        shares = [
            (job.operation, job.shares) for job in jobs if isinstance(job, Row) and job.shares
        ]
        if finals or shares:
            self.results.put(Stored(finals, shares))
        for job in jobs:
            if isinstance(job, Wanted):
                runs: list[dict[str, Any]] = []
                self._try(lambda connection, key=job.key, into=runs: _runs(connection, key, into))
                self.results.put(Recalled(job.key, runs, self._usual_stage()))
        self._wake()

    def _usual_stage(self) -> float | None:
        """What `typical` says, which is asked now and then."""
        if time.monotonic() >= self._next_typical:
            self._next_typical = time.monotonic() + TYPICAL_EVERY
            newest: list[dict[str, Any]] = []
            self._try(lambda connection: _newest(connection, newest))
            self._typical = typical(newest)
        return self._typical

    def _prune(self, connection: sqlite3.Connection) -> None:
        now = time.time()
        connection.execute("DELETE FROM operations WHERE ended < ?", (now - KEEP_SECONDS,))
        connection.execute(
            "DELETE FROM operations WHERE ended IS NULL AND stored < ?",
            (now - OPEN_DAYS * 86_400,),
        )
        connection.execute(
            "DELETE FROM operations WHERE place = ? AND ended IS NOT NULL AND id NOT IN"
            " (SELECT id FROM operations WHERE place = ? AND ended IS NOT NULL"
            " ORDER BY rowid DESC LIMIT ?)",
            (self._place, self._place, KEEP_ENDED),
        )
        connection.execute(
            "DELETE FROM runs WHERE number <= (SELECT max(number) FROM runs) - ?",
            (RUNS_LIMIT,),
        )
        connection.execute("DELETE FROM claims WHERE claimed < ?", (now - CLAIM_SECONDS,))

    def _try(self, action: Callable[[sqlite3.Connection], None]) -> bool:
        """Do something with the file; false if it may work later. That is said now and then."""
        if self._connection is None:
            return not self._closed_for_now
        try:
            action(self._connection)
        except sqlite3.OperationalError as error:  # a full disk, a lock: it may pass
            self._complain(f"history: not written: {error}")
        except sqlite3.DatabaseError as error:
            self._connection.close()
            self._put_aside(error)
            self._connection = self._open()
        except Exception as error:
            self._complain(f"history: not written: {error!r}")
            return True
        else:
            return True
        return False

    def _complain(self, text: str) -> None:
        now = time.monotonic()
        if now - self._complained >= COMPLAIN_EVERY:
            self._complained = now
            self._log(text)


def _runs(connection: sqlite3.Connection, key: str, into: list[dict[str, Any]]) -> None:
    _read(connection.execute("SELECT run FROM runs WHERE key = ? ORDER BY number", (key,)), into)


def _newest(connection: sqlite3.Connection, into: list[dict[str, Any]]) -> None:
    """The newest run of each of the keys that were used last."""
    found = connection.execute(
        "SELECT run FROM runs WHERE number IN"
        " (SELECT max(number) FROM runs GROUP BY key ORDER BY 1 DESC LIMIT ?)",
        (RUNS,),
    )
    _read(found, into)


def _read(found: Iterable[tuple[str]], into: list[dict[str, Any]]) -> None:
    for (text,) in found:
        try:
            into.append(json.loads(text))
        except ValueError:
            continue
