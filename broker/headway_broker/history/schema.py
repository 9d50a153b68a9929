"""The schema of the history file, and its migrations: the steps from each version to the next.

`PRAGMA user_version` is the version of a file. To change the schema, append a step; a released
step is never changed. A file of a newer version is left alone: nothing is written to it.
"""

from __future__ import annotations

import sqlite3

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
)
VERSION = len(STEPS)


class TooNew(Exception):
    """Raised for a file written by a newer version."""


def migrate(connection: sqlite3.Connection) -> None:
    """Migrate a file to `VERSION`, in one transaction; raise `TooNew`."""
    if int(connection.execute("PRAGMA user_version").fetchone()[0]) == VERSION:
        return  # without a write, which a full disk would refuse
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
