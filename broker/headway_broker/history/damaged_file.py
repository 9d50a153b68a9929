"""What can be read of a damaged history file: its rows, copied into a new one.

Bodies of operations pass the redaction of the migration on their way, for the file may be of a
version that stored lines of output; such a file is removed afterwards.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from typing import Any, Generator, Iterator, NamedTuple
from urllib.parse import quote

from headway_broker.history import page_scan, schema
from headway_broker.history.transaction import transaction
from headway_broker.storage import row_mapping


class Table(NamedTuple):
    """A table to copy: its name, its columns in their order, and that of its bodies, if any."""

    name: str
    columns: tuple[str, ...]
    body: int | None = None


OPERATIONS = Table(
    "operations",
    (
        "id", "place", "stored", "revision", "ended", "session", "uid", "pid", "about", "body",
        "clock",
    ),
    9,
)  # fmt: skip
RUNS = Table("runs", ("number", "key", "ended", "run", "name"))
CLAIMS = Table("claims", ("key", "claimed"))
TABLES = (OPERATIONS, RUNS, CLAIMS)
# WITHOUT ROWID, so that no range of row numbers finds them: asked for by the runs that were saved.
COARSER = "SELECT key, run FROM coarser WHERE run = ?"
MOST_ADDED = 1 << 28  # bytes: a length in a damaged header may be anything
LOST_LIMIT = 10_000  # places that are given up one by one; a file that is no database has all
ROWS_LIMIT = 1 << 22  # row numbers that are tried: far more than a history ever gave
UNREADABLE = "nothing of it can be read"


class Copied:
    """How many rows were copied, and how many places could not be read."""

    def __init__(self) -> None:
        self.saved = 0
        self.broken = 0


def salvage(aside: str, into: sqlite3.Connection) -> str:
    """Copy the rows of a damaged file that can be read; return what became of them, as text."""
    copied = Copied()
    version = 0
    try:
        version = _version(aside)
        _restore_length(aside)
        with _with_schema(aside) as damaged:
            _copy(damaged, into, copied)
        said = f"{copied.saved} rows of it were saved, {copied.broken} places in it cannot be read"
    except (sqlite3.Error, OSError) as error:
        said = UNREADABLE
        if copied.saved:
            said = f"{copied.saved} rows of it were saved, then: {error}"
    # What was printed by commands is in the file of an old version. Without a header nobody knows
    # the version of a file with our rows; one without rows may be anything.
    if 0 < version < schema.REDACTED or (version == 0 and copied.saved):
        _remove(aside)
        said += "; it may hold lines of output, and is removed"
    return said


def _version(path: str) -> int:
    with open(path, "rb") as file:
        header = page_scan.header_of(file.read(100))
    return 0 if header is None else header.version


def _remove(path: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        try:
            os.unlink(path + suffix)
        except FileNotFoundError:
            pass


def _restore_length(path: str) -> None:
    """Extend a truncated file with zeros: SQLite reads no page of one shorter than it says."""
    with open(path, "r+b") as file:
        header = page_scan.header_of(file.read(100))
        if header is None:
            return
        size = os.fstat(file.fileno()).st_size
        length = header.page_size * header.pages
        if size < length <= size + MOST_ADDED:
            # Down to whole pages first, else a row across the cut would end in zeros.
            file.truncate(size - size % header.page_size)
            file.truncate(length)  # sparse: it takes no room on the disk


@contextmanager
def _with_schema(path: str) -> Generator[sqlite3.Connection, None, None]:
    """Open the file, or a copy with the tables found by their pages if its schema is gone."""
    with closing(_opened(path)) as damaged:
        try:
            tables = damaged.execute("SELECT name FROM sqlite_master").fetchall()
        except sqlite3.Error:
            tables = []
        if tables:
            yield damaged
            return
    rebuilt = f"{path}-rebuilt"
    try:
        page_scan.rebuild(path, rebuilt)
        with closing(_opened(rebuilt)) as damaged:
            yield damaged
    finally:
        _remove(rebuilt)


def _opened(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True)


def _copy(damaged: sqlite3.Connection, into: sqlite3.Connection, copied: Copied) -> None:
    for table in TABLES:
        columns = _known_columns(damaged, table)
        if columns:  # else of a version that had no such table
            before = copied.saved
            try:
                with transaction(into):
                    _copy_table(damaged, into, table, columns, copied)
            except BaseException:
                copied.saved = before
                raise
    if _known_columns(damaged, Table("coarser", ("key", "run"))):
        _copy_coarser(damaged, into, copied)


def _known_columns(damaged: sqlite3.Connection, table: Table) -> list[str]:
    """Return those of the columns that the file has, which may be of an earlier version."""
    known = {row[1] for row in damaged.execute(f"PRAGMA table_info({table.name})")}
    return [column for column in table.columns if column in known]


def _copy_table(
    damaged: sqlite3.Connection,
    into: sqlite3.Connection,
    table: Table,
    columns: list[str],
    copied: Copied,
) -> None:
    lost: list[int] = []
    names = ", ".join(columns)
    insert = (
        f"INSERT OR IGNORE INTO {table.name} ({names})"  # noqa: S608
        f" VALUES ({', '.join('?' * len(columns))})"
    )
    for row in _readable(damaged, table.name, names, lost):
        values = list(row)
        if table.body is not None:
            body = values[table.body]
            values[table.body] = row_mapping.redacted(body) if type(body) is bytes else b""
            if not values[table.body]:
                copied.broken += 1
                continue
        copied.saved += max(0, into.execute(insert, values).rowcount)
    copied.broken += len(lost)


def _copy_coarser(damaged: sqlite3.Connection, into: sqlite3.Connection, copied: Copied) -> None:
    """Copy the coarser keys of the runs that were saved."""
    with transaction(into):
        for (run,) in into.execute("SELECT number FROM runs").fetchall():
            try:
                rows = damaged.execute(COARSER, (run,)).fetchall()
            except sqlite3.Error:
                copied.broken += 1
                continue
            into.executemany("INSERT OR IGNORE INTO coarser (key, run) VALUES (?, ?)", rows)


def _readable(
    damaged: sqlite3.Connection, table: str, names: str, lost: list[int]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that can be read; add to `lost` where some cannot, by halving the range."""
    query = f"SELECT {names} FROM {table} NOT INDEXED WHERE rowid "  # noqa: S608
    ranges = [(1, ROWS_LIMIT)]
    while ranges:
        first, last = ranges.pop()
        try:
            if first == last:  # a range would look at the next row too, on a damaged page perhaps
                rows = damaged.execute(query + "= ?", (first,)).fetchall()
            else:
                rows = damaged.execute(query + "BETWEEN ? AND ?", (first, last)).fetchall()
        except sqlite3.Error:
            if first == last or len(lost) > LOST_LIMIT:
                lost.append(first)
                continue
            middle = (first + last) // 2
            ranges += [(middle + 1, last), (first, middle)]
            continue
        yield from rows
