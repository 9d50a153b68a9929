"""History queries: the SQL that writes, reads and deletes operations, runs and claims.

Every function raises `sqlite3.Error`, and TypeError for what is not JSON. Absent: the file
(`database`), its tables (`schema`), how long rows are kept (`retention`).
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Iterable, Iterator, NamedTuple

from headway_broker.history import schema
from headway_broker.state import retention
from headway_broker.state.effects import (
    OF_OTHERS,
    Job,
    Recall,
    StoreClaim,
    StoredOperation,
    StoreOperation,
    StoreRun,
)
from headway_broker.state.retention import Cutoffs


class RunOf(NamedTuple):
    """A stored run, its key and name, the Unix time of its end, and its number.

    `name` is None for a run of an earlier version, whose key is its name. Numbers grow.
    """

    key: str
    name: str | None
    ended: float
    run: dict[str, Any]
    number: int


def write(
    connection: sqlite3.Connection, place: str, job: Job, unix: float, clock: float | None = None
) -> None:
    """Write a job of the broker at `place`, as of a Unix time; a job that only reads is ignored.

    `clock` is the same time on the monotonic clock.
    """
    if isinstance(job, StoreOperation):
        _store(connection, place, job.row, unix, clock)
    elif isinstance(job, StoreRun):
        _learn(connection, job, unix)
    elif isinstance(job, StoreClaim):
        connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?)", (job.key, unix))


def _store(
    connection: sqlite3.Connection,
    place: str,
    row: StoredOperation,
    unix: float,
    clock: float | None,
) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO operations"
        " (id, place, stored, revision, ended, session, uid, pid, about, body, clock)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.operation,
            place,
            unix,
            row.revision,
            row.ended,
            row.session,
            row.uid,
            row.pid,
            json.dumps(row.about),
            row.body,
            clock,
        ),
    )


def _learn(connection: sqlite3.Connection, job: StoreRun, unix: float) -> None:
    number = connection.execute(
        "INSERT INTO runs (key, ended, run, name) VALUES (?, ?, ?, ?)",
        (job.key, unix, json.dumps(job.run), job.name),
    ).lastrowid
    connection.executemany(
        "INSERT OR IGNORE INTO coarser VALUES (?, ?)", [(key, number) for key in job.coarser]
    )
    connection.execute(
        "DELETE FROM runs WHERE key = ? AND number NOT IN"
        " (SELECT number FROM runs WHERE key = ? ORDER BY number DESC LIMIT ?)",
        (job.key, job.key, retention.RUNS_PER_KEY),
    )


def operations(
    connection: sqlite3.Connection, place: str, cutoffs: Cutoffs
) -> list[StoredOperation]:
    """Return the open operations of `place` and those ended of late, in the order of storing.

    Of too many those that have not just ended are left out first (`retention.surplus`).
    """
    found = connection.execute(
        "SELECT id, revision, ended, session, uid, pid, about, body, clock FROM operations"
        " WHERE place = ? AND (ended IS NULL OR ended >= ? OR clock BETWEEN ? AND ?)"
        " ORDER BY ended IS NOT NULL, rowid",  # in the order of storing, for wall clocks jump
        (place, cutoffs.ended_before, *_fresh_clocks(cutoffs)),
    ).fetchall()
    ends = [(row[0], row[3]) for row in found if row[2] is not None]
    fresh = {
        row[0]
        for row in found
        if row[2] is not None and retention.is_fresh(row[2], row[8], cutoffs)
    }
    surplus = set(retention.surplus(ends, retention.KEEP_ENDED, fresh))
    rows: list[StoredOperation] = []
    for operation, revision, ended, session, uid, pid, about, body, clock in found:
        if operation in surplus:
            continue
        try:
            process = json.loads(about)
        except ValueError:
            continue
        row = StoredOperation(operation, revision, ended, session, uid, pid, process, body)
        since, until = _fresh_clocks(cutoffs)
        # Of an earlier boot, whose clock was another, hardly one is as young as that.
        is_young = clock is not None and since <= clock <= until
        rows.append(row._replace(clock=clock) if is_young else row)
    return rows


def _fresh_clocks(cutoffs: Cutoffs) -> tuple[float, float]:
    """Return from when to when what has just ended was stored, on the monotonic clock."""
    if cutoffs.clock is None:
        return 0.0, -1.0  # never
    return cutoffs.clock - retention.FRESH_SECONDS, cutoffs.clock


def claims(connection: sqlite3.Connection, since: float) -> list[str]:
    """Return the keys that were claimed `since` a Unix time, oldest first."""
    found = connection.execute(
        "SELECT key FROM claims WHERE claimed >= ? ORDER BY claimed", (since,)
    )
    return [key for (key,) in found]


def runs(connection: sqlite3.Connection, key: str) -> list[dict[str, Any]]:
    """Return the runs of a key, oldest first."""
    found = connection.execute("SELECT run FROM runs WHERE key = ? ORDER BY number", (key,))
    return list(_read(text for (text,) in found))


def recall(connection: sqlite3.Connection, job: Recall) -> list[dict[str, Any]]:
    """Return the runs of the finest key that has any, oldest first: as many as are looked at.

    Hidden counts are absolute: those of another input, which a coarser key finds, say nothing.
    """
    texts = connection.execute(
        "SELECT run FROM runs WHERE key = ? ORDER BY number DESC LIMIT ?",
        (job.key, retention.RUNS_RECALLED),
    ).fetchall()
    found = list(_read(text for (text,) in reversed(texts)))
    for key in job.coarser:
        if found:
            return found
        newest = connection.execute(
            "SELECT run FROM runs WHERE number IN"
            " (SELECT run FROM coarser WHERE key = ? ORDER BY run DESC LIMIT ?) ORDER BY number",
            (key, retention.RUNS_RECALLED),
        )
        found = list(_read(text for (text,) in newest))
        for run in found:
            run.pop("work", None)
            run[OF_OTHERS] = True
    if not found and job.former is not None:
        old = connection.execute(
            "SELECT run FROM runs WHERE key = ? AND name IS NULL ORDER BY number", (job.former,)
        )
        found = list(_read(text for (text,) in old))
    return found


def newest_runs(connection: sqlite3.Connection, number: int) -> list[dict[str, Any]]:
    """Return the newest run of each of the `number` keys used last."""
    found = connection.execute(
        "SELECT run FROM runs WHERE number IN"
        " (SELECT max(number) FROM runs GROUP BY key ORDER BY 1 DESC LIMIT ?)",
        (number,),
    )
    return list(_read(text for (text,) in found))


def all_runs(connection: sqlite3.Connection) -> Iterator[RunOf]:
    """Yield every run of every key, the oldest first; of a file that is not migrated yet, too."""
    return _runs_where(connection, "1", ())


def runs_of_key(connection: sqlite3.Connection, key: str) -> Iterator[RunOf]:
    """Yield the runs of a key, the oldest first; of a file that is not migrated yet, too."""
    return _runs_where(connection, "key = ?", (key,))


def runs_of_coarser(connection: sqlite3.Connection, key: str) -> Iterator[RunOf]:
    """Yield the runs that a coarser key has, the oldest first."""
    if _version(connection) < schema.NAMED:
        return iter(())
    return _runs_where(connection, "number IN (SELECT run FROM coarser WHERE key = ?)", (key,))


def runs_like(connection: sqlite3.Connection, number: int) -> Iterator[RunOf]:
    """Yield the runs up to one, of its coarser key that has the fewest others; none without."""
    if _version(connection) < schema.NAMED:
        return iter(())
    keys = connection.execute(
        "SELECT key FROM coarser WHERE run <= ?1"
        " AND key IN (SELECT key FROM coarser WHERE run = ?1)"
        " GROUP BY key HAVING count(*) > 1 ORDER BY count(*) LIMIT 1",
        (number,),
    ).fetchall()
    if not keys:
        return iter(())
    return _runs_where(
        connection,
        "number IN (SELECT run FROM coarser WHERE key = ? AND run <= ?)",
        (keys[0][0], number),
    )


def runs_of_operation(connection: sqlite3.Connection, prefix: str) -> Iterator[RunOf]:
    """Yield the runs that may be of an operation whose id begins so; others may be among them."""
    pattern = prefix.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return _runs_where(connection, "run LIKE ? ESCAPE '\\'", (f'%"operation": "{pattern}%',))


def _runs_where(
    connection: sqlite3.Connection, condition: str, values: tuple[object, ...]
) -> Iterator[RunOf]:
    name = "name" if _version(connection) >= schema.NAMED else "NULL"
    found = connection.execute(
        f"SELECT key, {name}, ended, run, number FROM runs WHERE {condition} ORDER BY number",  # noqa: S608 - words of ours
        values,
    )
    for key, name, ended, text, number in found:
        for run in _read([text]):
            if isinstance(run, dict):
                yield RunOf(key, name, ended, run, number)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def forget_runs(connection: sqlite3.Connection, key: str) -> int:
    """Delete all runs of a key and return their number."""
    return connection.execute("DELETE FROM runs WHERE key = ?", (key,)).rowcount


def forget_all_runs(connection: sqlite3.Connection) -> int:
    """Delete all runs and return their number."""
    return connection.execute("DELETE FROM runs").rowcount


def prune(connection: sqlite3.Connection, place: str, cutoffs: Cutoffs) -> None:
    """Delete rows that have expired."""
    connection.execute(
        "DELETE FROM operations WHERE ended < ? AND NOT ifnull(clock BETWEEN ? AND ?, 0)",
        (cutoffs.ended_before, *_fresh_clocks(cutoffs)),
    )
    connection.execute(
        "DELETE FROM operations WHERE ended IS NULL AND stored < ?",
        (cutoffs.open_stored_before,),
    )
    ended = connection.execute(
        "SELECT id, session, ended, clock FROM operations"
        " WHERE place = ? AND ended IS NOT NULL ORDER BY rowid",
        (place,),
    ).fetchall()
    fresh = {name for name, _, at, clock in ended if retention.is_fresh(at, clock, cutoffs)}
    gone = retention.surplus([one[:2] for one in ended], cutoffs.ended_operations, fresh)
    connection.executemany("DELETE FROM operations WHERE id = ?", [(name,) for name in gone])
    connection.execute(
        "DELETE FROM runs WHERE number <= (SELECT max(number) FROM runs) - ?", (cutoffs.runs,)
    )
    connection.execute("DELETE FROM claims WHERE claimed < ?", (cutoffs.claimed_before,))


def _read(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the texts that are JSON, decoded."""
    for text in texts:
        try:
            yield json.loads(text)
        except ValueError:
            continue
