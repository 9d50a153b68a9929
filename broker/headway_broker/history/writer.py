"""What outlives the broker: operations, runs that estimates learn from, claims.

One SQLite file (write-ahead log) in the state directory, written by a thread of its own, so
that a slow disk delays nobody. Nothing here raises into the broker. Absent: the file
(`database`), what is asked of it (`queries`), what is kept for how long (`retention`).
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from typing import Any, Callable, Iterable

from headway_broker.estimates.prior import RUNS, typical
from headway_broker.history import queries
from headway_broker.history.database import NAME, Database, transaction
from headway_broker.history.jobs import Recalled, Reopened, Stored, awaited, still_owed, stored
from headway_broker.state import retention
from headway_broker.state.effects import Job, Recall, Row

TYPICAL_EVERY = 60.0
BATCH = 500  # jobs in one transaction
WAITING_LIMIT = 5_000  # jobs that wait for the disk, before open operations are not stored
RETRY = 1.0  # seconds between attempts to write what could not be written


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
        self.results: queue.SimpleQueue[Stored | Recalled | Reopened] = queue.SimpleQueue()
        self._place = place
        self._log = log
        self._wake = wake
        self._jobs: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._owed: list[Job] = []  # what could not be written, to be tried again
        self._next_prune = 0.0
        self._typical: float | None = None
        self._next_typical = 0.0
        self._handed = self._done = 0  # jobs; each is changed by one thread
        self._database = Database(os.path.join(directory, NAME), log)
        self._thread: threading.Thread | None = None

    @property
    def usable(self) -> bool:
        """Whether there is a file to write to, or will be."""
        return self._database.usable

    def rows(self) -> list[Row]:
        """Return what an earlier broker of this place left: open, or ended within the hour."""
        connection = self._database.connection
        if connection is None:
            return []
        try:
            return queries.operations(
                connection, self._place, retention.cutoffs(time.time()).ended_before
            )
        except sqlite3.Error as error:
            self._log(f"history: cannot be read: {error}")
            return []

    def claims(self) -> list[str]:
        """Return the keys that were claimed within a day."""
        connection = self._database.connection
        if connection is None:
            return []
        try:
            return queries.claims(connection, retention.cutoffs(time.time()).claimed_before)
        except sqlite3.Error:
            return []

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._work, name="history", daemon=True)
        self._thread.start()

    def put(self, jobs: list[Job]) -> None:
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
        self._database.close()

    def _work(self) -> None:
        stopping = False
        while not stopping:
            jobs, stopping = self._next_jobs()
            if self._database.closed_for_now:
                self._open_again()
            self._done += len(jobs)
            jobs, self._owed = self._owed + jobs, []
            if not self._write(jobs) and self._database.hopes() and len(jobs) < WAITING_LIMIT:
                # Not answered: who waits for it keeps a copy, in a file if it has to leave.
                self._owed = still_owed(jobs)
                jobs = [job for job in jobs if isinstance(job, Recall)]
            self._answer(jobs)
            if time.monotonic() >= self._next_prune:
                self._next_prune = time.monotonic() + retention.PRUNE_EVERY
                self._database.attempt(self._prune)

    def _next_jobs(self) -> tuple[list[Job], bool]:
        """Wait for jobs, and return them with whether they are the last."""
        waits = self._owed or self._database.closed_for_now
        try:
            jobs = self._jobs.get(timeout=RETRY if waits else None)
        except queue.Empty:
            jobs = []
        if jobs is None:
            return [], True  # what is owed is tried once more
        while len(jobs) < BATCH:
            try:
                more = self._jobs.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return jobs, True
            jobs += more
        return jobs, False

    def _open_again(self) -> None:
        self._database.open()
        if self._database.connection is not None:
            self._database.works()
            self.results.put(Reopened(self.rows(), self.claims()))
            self._wake()

    def _write(self, jobs: list[Job]) -> bool:
        """Write what there is to write; whether it is in the file now, or can never be."""
        changes = [job for job in jobs if not isinstance(job, Recall)]
        if not changes:
            return True

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                self._write_each(connection, changes)

        written = self._database.attempt(write)
        if written:
            self._database.works()
        return written

    def _write_each(self, connection: sqlite3.Connection, changes: Iterable[Job]) -> None:
        """Write these; one that can never be written does not take the others with it."""
        for job in changes:
            try:
                queries.write(connection, self._place, job, time.time())
            except sqlite3.Error:
                raise
            except Exception as error:
                self._database.complain(f"history: one row was not written: {error!r}")

    def _answer(self, jobs: list[Job]) -> None:
        done = stored(jobs)
        if done.ends or done.shares:
            self.results.put(done)
        for job in jobs:
            if isinstance(job, Recall):
                self.results.put(Recalled(job.key, self._runs(job.key), self._usual_stage()))
        self._wake()

    def _runs(self, key: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        self._database.attempt(lambda connection: found.extend(queries.runs(connection, key)))
        return found

    def _usual_stage(self) -> float | None:
        """Return what `typical` says, which is asked now and then."""
        if time.monotonic() >= self._next_typical:
            self._next_typical = time.monotonic() + TYPICAL_EVERY
            newest: list[dict[str, Any]] = []
            self._database.attempt(
                lambda connection: newest.extend(queries.newest_runs(connection, RUNS))
            )
            self._typical = typical(newest)
        return self._typical

    def _prune(self, connection: sqlite3.Connection) -> None:
        queries.prune(connection, self._place, retention.cutoffs(time.time()))
