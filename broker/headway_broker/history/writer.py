"""The writer of the history: a thread that stores operations, runs and claims in SQLite.

A thread of its own, so that a slow disk delays nobody. There is no lock: jobs go in and results
come out by two queues, the connection belongs to the thread once it has started, and each of the
two counters is written by one thread. Nothing raises into the broker. Absent: the file
(`database`), the SQL (`queries`), how long rows are kept (`retention`).
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from typing import Any, Callable, Iterable

from headway_broker.estimates.prior import NEWEST_RUNS, prior
from headway_broker.history import queries
from headway_broker.history.database import NAME, Database, is_temporary
from headway_broker.history.jobs import Recalled, Reopened, Stored, awaited, stored, unwritten
from headway_broker.history.transaction import transaction
from headway_broker.state import retention
from headway_broker.state.effects import Job, Recall, StoredOperation

PRIOR_EVERY = 60.0  # seconds between two computations of the prior, which moves slowly
# Jobs in one transaction: a commit costs more than a row, and an acknowledgement waits for all.
BATCH = 500
# Jobs that wait for the disk, above which no open operations are handed over, and what is learned
# is dropped. Of what could not be written the newest are kept: the core hands over the rest again.
WAITING_LIMIT = 5_000
# What SQLite raises for a row that it can never take; another row may be fine.
ROW_ERRORS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError)
RETRY = 1.0  # seconds between attempts to write what could not be written


class History:
    """The history and its thread.

    `results` holds the results of jobs; `wake` is called, by the thread, when there are new ones.
    """

    def __init__(
        self,
        directory: str,
        place: str,
        log: Callable[[str], None],
        wake: Callable[[], None],
    ) -> None:
        """Open the file in `directory`; `place` is the runtime directory of the broker."""
        self.results: queue.SimpleQueue[Stored | Recalled | Reopened] = queue.SimpleQueue()
        self._place = place
        self._log = log
        self._wake = wake
        self._jobs: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._unwritten: list[Job] = []  # jobs to retry
        self._next_prune = 0.0
        self._prior: float | None = None
        self._next_prior = 0.0
        self._handed = self._done = 0  # jobs; each is changed by one thread
        self._database = Database(os.path.join(directory, NAME), log)
        self._thread: threading.Thread | None = None
        self._restore = False
        self._lost = False  # something was given up

    @property
    def lacks_some(self) -> bool:
        """Return whether something that was to be written is not in the file."""
        return self._lost or bool(self._unwritten) or not self.is_open

    @property
    def is_open(self) -> bool:
        """Return whether the file is open."""
        return self._database.connection is not None

    @property
    def usable(self) -> bool:
        """Return whether there is a file to write to, or may be later."""
        return self._database.usable

    @property
    def has_room(self) -> bool:
        """Return whether fewer than `WAITING_LIMIT` jobs wait for the disk."""
        return self._handed - self._done + len(self._unwritten) < WAITING_LIMIT

    def rows(self) -> list[StoredOperation]:
        """Return what an earlier broker of this place stored: open, or ended within the hour.

        Raise `sqlite3.OperationalError` where it cannot be read now, and may be later.
        """
        for _ in range(2):
            connection = self._database.connection
            if connection is None:
                break
            try:
                kept = retention.cutoffs(time.time(), time.monotonic())
                return queries.operations(connection, self._place, kept)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                self._database.salvage(error)
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

    def start(self, *, restore: bool = False) -> None:
        """Start the thread, to which the connection belongs from here on.

        With `restore`, its first result is what an earlier broker stored.
        """
        self._restore = restore
        self._thread = threading.Thread(target=self._work, name="history", daemon=True)
        self._thread.start()

    def put(self, jobs: list[Job]) -> None:
        """Queue jobs for the thread."""
        if not self.has_room:
            jobs = [job for job in jobs if awaited(job)]
        self._handed += len(jobs)
        self._jobs.put(jobs)

    def stop(self, timeout: float) -> None:
        """Finish the queued jobs and close the file, within `timeout` seconds."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(timeout)
            if self._thread.is_alive():
                return
        self._database.close()

    def _work(self) -> None:
        stopping = False
        while not stopping:
            if self._restore:
                self._restore_rows()
            jobs, stopping = self._next_jobs()
            if self._database.closed_for_now:
                self._open_again()
            self._done += len(jobs)
            jobs, self._unwritten = self._unwritten + jobs, []
            if not self._write(jobs):
                if self._database.may_recover():
                    # No result yet: whoever waits keeps a copy, in the spool if it has to exit.
                    self._unwritten = unwritten(jobs)[-WAITING_LIMIT:]
                    jobs = [job for job in jobs if isinstance(job, Recall)]
                else:
                    self._lost = True
            self._answer(jobs)
            if time.monotonic() >= self._next_prune:
                self._next_prune = time.monotonic() + retention.PRUNE_EVERY
                self._database.attempt(self._prune)

    def _next_jobs(self) -> tuple[list[Job], bool]:
        """Wait for jobs; return them, and whether they are the last."""
        waits = self._unwritten or self._database.closed_for_now or self._restore
        try:
            jobs = self._jobs.get(timeout=RETRY if waits else None)
        except queue.Empty:
            jobs = []
        if jobs is None:
            return [], True  # unwritten jobs are tried once more
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
            self._database.recovered()
            self._restore_rows()

    def _restore_rows(self) -> None:
        """Hand over what an earlier broker stored; where it cannot be read, before the next jobs.

        After `GIVE_UP_AFTER` it is done without: programs wait for a broker that restores.
        """
        try:
            rows = self.rows()
        except sqlite3.OperationalError as error:
            self._database.complain(f"history: cannot be read: {error}")
            self._restore = is_temporary(error) and self._database.may_recover()
            if self._restore:
                return
            rows = []
        self._restore = False
        self.results.put(Reopened(rows, self.claims()))
        self._wake()

    def _write(self, jobs: list[Job]) -> bool:
        """Write jobs; return whether they are in the file, or can never be."""
        changes = [job for job in jobs if not isinstance(job, Recall)]
        if not changes:
            return True
        self._lost = self._lost or not self.usable

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                self._write_each(connection, changes)

        written = self._database.attempt(write)
        if written:
            self._database.recovered()
        return written

    def _write_each(self, connection: sqlite3.Connection, changes: Iterable[Job]) -> None:
        """Write jobs one by one, and skip one that can never be written."""
        for job in changes:
            try:
                queries.write(connection, self._place, job, time.time(), time.monotonic())
            except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
                if not isinstance(error, ROW_ERRORS):
                    raise
                self._database.complain(f"history: one row was not written: {error}")
            except Exception as error:
                self._database.complain(f"history: one row was not written: {error!r}")

    def _answer(self, jobs: list[Job]) -> None:
        done = stored(jobs)
        if any(done):
            self.results.put(done)
            self._wake()  # ends are shown now, whatever is read for the forecasts
        questions = [job for job in jobs if isinstance(job, Recall)]
        for job in questions:
            self.results.put(Recalled(job.key, self._runs(job), self._stage_prior()))
        if questions:
            self._wake()

    def _runs(self, job: Recall) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        self._database.attempt(lambda connection: found.extend(queries.recall(connection, job)))
        return found

    def _stage_prior(self) -> float | None:
        """Return the prior in seconds, computed once in `PRIOR_EVERY` seconds."""
        if time.monotonic() >= self._next_prior:
            self._next_prior = time.monotonic() + PRIOR_EVERY
            newest: list[dict[str, Any]] = []
            self._database.attempt(
                lambda connection: newest.extend(queries.newest_runs(connection, NEWEST_RUNS))
            )
            self._prior = prior(newest)
        return self._prior

    def _prune(self, connection: sqlite3.Connection) -> None:
        kept = retention.cutoffs(time.time(), time.monotonic())
        queries.prune(connection, self._place, kept)
