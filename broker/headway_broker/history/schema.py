"""The schema of the history file, and its migrations: the steps from each version to the next.

`PRAGMA user_version` is the version of a file. To change the schema, append a step; a released
step is never changed. A file of a newer version is left alone: nothing is written to it.
"""

from __future__ import annotations

import sqlite3

from headway_broker.storage import row_mapping

STEPS: tuple[tuple[str, ...], ...] = (
    (
        # Operations as the broker keeps them over a restart. `place` is the runtime
        # directory, for two brokers may share a state directory; `ended` is NULL while open.
        """CREATE TABLE operations (
            id TEXT PRIMARY KEY, place TEXT NOT NULL, stored REAL NOT NULL,
            revision INTEGER NOT NULL, ended REAL, session TEXT NOT NULL,
            uid INTEGER, pid INTEGER, about TEXT NOT NULL, body BLOB NOT NULL)""",
        "CREATE INDEX operations_by_end ON operations (place, ended)",
        # What finished runs teach, newest last.
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY, key TEXT NOT NULL, ended REAL NOT NULL,
            run TEXT NOT NULL)""",
        "CREATE INDEX runs_by_key ON runs (key, number)",
    ),
    (
        # News that a notifier has claimed, so that a restart of the broker does not repeat it.
        "CREATE TABLE claims (key TEXT PRIMARY KEY, claimed REAL NOT NULL)",
    ),
    (),  # files of earlier versions held lines of output: see `_redact`
    (
        # What a person calls a run, whose key may be a hash. NULL: of an earlier version, whose
        # keys were names.
        "ALTER TABLE runs ADD COLUMN name TEXT",
        # The coarser keys of a run, which go with it.
        """CREATE TABLE coarser (
            key TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (key, run)) WITHOUT ROWID""",
        "CREATE INDEX coarser_by_run ON coarser (run)",
        """CREATE TRIGGER run_deleted AFTER DELETE ON runs
            BEGIN DELETE FROM coarser WHERE run = OLD.number; END""",
    ),
    # When a row was stored, by the monotonic clock of that boot, which nobody sets.
    ("ALTER TABLE operations ADD COLUMN clock REAL",),
)
REDACTED = 3  # the first version whose rows never had texts
NAMED = 4  # the first version whose runs have names
VERSION = len(STEPS)


class TooNew(Exception):
    """Raised for a file written by a newer version."""


def migrate(connection: sqlite3.Connection) -> None:
    """Migrate a file to `VERSION`, in one transaction; raise `TooNew`."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version == VERSION:
        return  # without a write, which a full disk would refuse
    if 0 < version < REDACTED:
        _redact(connection)
    # Read again under the write lock: another process may have migrated the file meanwhile.
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found > VERSION:
            raise TooNew(  # noqa: TRY301 - rolled back like any other
                f"version {found}, and this broker knows {VERSION}"
            )
        for step in STEPS[found:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        if connection.in_transaction:  # on a full disk SQLite has rolled back by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _redact(connection: sqlite3.Connection) -> None:
    """Remove what commands have printed from the rows, and from all that SQLite has left of it.

    The version is raised afterwards, so what was interrupted is done again.
    """
    connection.create_function("redacted", 1, row_mapping.redacted)
    connection.execute("UPDATE operations SET body = redacted(body)")
    connection.execute("VACUUM")  # else the pages that were freed have it still
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:  # what others read is not overwritten: as temporary as any lock
        raise sqlite3.OperationalError("database is locked")
