"""The tables of a history file whose schema cannot be read, found by its pages.

SQLite keeps the schema on the first page: which table begins on which page. Without it the other
pages are there, and each says of what kind it is and which pages are below it, so those that are
below none are where tables and indexes begin. Which table it is tells the form of a row. See
https://www.sqlite.org/fileformat2.html, sections 1.3 (header) and 1.6 (pages).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import Iterator, NamedTuple

MAGIC = b"SQLite format 3\0"
DEFAULT_PAGE_SIZE = 4096
TABLE_INNER, TABLE_LEAF, INDEX_INNER, INDEX_LEAF = 0x05, 0x0D, 0x02, 0x0A
# Freed pages look like tables of one page: of a long list of those the largest are tried.
MOST_ROOTS = 64
ROWID_COLUMNS = "abcdefghijk"
# Table → what a row of it looks like, and its columns. Reals without a fraction are stored as
# integers. The columns of an earlier version are fewer: the rest is NULL.
FORMS = {
    "operations": (
        "typeof(a) = 'text' AND typeof(b) = 'text' AND typeof(f) = 'text' AND typeof(j) = 'blob'",
        "id, place, stored, revision, ended, session, uid, pid, about, body, clock",
    ),
    "runs": (
        "a IS NULL AND typeof(b) = 'text' AND typeof(d) = 'text'",
        "number INTEGER PRIMARY KEY, key, ended, run, name",
    ),
    "claims": (
        "typeof(a) = 'text' AND typeof(b) IN ('real', 'integer') AND c IS NULL",
        "key, claimed",
    ),
}
# The coarser keys stand twice: in their table and in its index by run, the only index of which a
# row is a number and a text, in this order.
COARSER_FORM = "typeof(run) = 'integer' AND typeof(key) = 'text'"


BLOCK = 1 << 20  # bytes that are copied at a time


class Header(NamedTuple):
    """What the first 100 bytes say: bytes of a page, pages of the file, version of its schema."""

    page_size: int
    pages: int
    version: int


def header_of(data: bytes) -> Header | None:
    """Return the header at the beginning of a file, or None if it is none."""
    if len(data) < 100 or not data.startswith(MAGIC):
        return None
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1):
        return None
    return Header(size, int.from_bytes(data[28:32], "big"), int.from_bytes(data[60:64], "big"))


def rebuild(path: str, to: str) -> None:
    """Copy a file to `to`, with a schema of the tables that its pages show.

    Raise OSError or `sqlite3.Error`. The copy is to be read only: its indexes are gone.
    """
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.close(descriptor)
    _copy_sparsely(path, to)
    with open(to, "rb") as file:
        header = header_of(file.read(100))
    size = DEFAULT_PAGE_SIZE if header is None else header.page_size
    pages = os.path.getsize(to) // size
    if pages < 2:
        raise sqlite3.DatabaseError("no pages but the first")
    with open(to, "r+b") as file:
        file.write(_first_page(size, pages))
        file.truncate(size * pages)
    tables, indexes = _roots(to, size)
    with closing(sqlite3.connect(to)) as connection:
        _declare(connection, _named(connection, tables, indexes))


def _copy_sparsely(path: str, to: str) -> None:
    """Copy a file: what is zero there, as where a file was extended, takes no room here."""
    with open(path, "rb") as source, open(to, "r+b") as target:
        while block := source.read(BLOCK):
            if block.count(0) == len(block):
                target.seek(len(block), os.SEEK_CUR)
            else:
                target.write(block)
        target.truncate(target.tell())


def _first_page(size: int, pages: int) -> bytes:
    """Return the first page of a file without tables."""
    page = bytearray(size)
    page[:16] = MAGIC
    page[16:18] = (1 if size == 65536 else size).to_bytes(2, "big")
    page[18:24] = bytes((1, 1, 0, 64, 32, 32))  # rollback journal, nothing reserved, fractions
    page[24:28] = page[92:96] = (1).to_bytes(4, "big")  # the change counter, and that of the count
    page[28:32] = pages.to_bytes(4, "big")
    page[44:48] = (4).to_bytes(4, "big")  # schema format
    page[56:60] = (1).to_bytes(4, "big")  # UTF-8
    page[96:100] = (3040000).to_bytes(4, "big")  # the version of SQLite that wrote it
    page[100] = TABLE_LEAF
    page[105:107] = (0 if size == 65536 else size).to_bytes(2, "big")  # where cells begin
    return bytes(page)


def _roots(path: str, size: int) -> tuple[list[int], list[int]]:
    """Return the pages on which tables begin, and those on which indexes do, largest first."""
    kinds: dict[int, int] = {}
    below: dict[int, list[int]] = {}
    with open(path, "rb") as file:
        file.seek(size)
        number = 1
        while page := file.read(size):
            number += 1
            if page[0] in (TABLE_INNER, TABLE_LEAF, INDEX_INNER, INDEX_LEAF):
                kinds[number] = page[0]
                below[number] = list(_children(page))
    children = {child for inner in below.values() for child in inner}
    roots = sorted(kinds.keys() - children, key=lambda root: -_size(root, below))[:MOST_ROOTS]
    return (
        [root for root in roots if kinds[root] in (TABLE_INNER, TABLE_LEAF)],
        [root for root in roots if kinds[root] in (INDEX_INNER, INDEX_LEAF)],
    )


def _children(page: bytes) -> Iterator[int]:
    if page[0] not in (TABLE_INNER, INDEX_INNER):
        return
    yield int.from_bytes(page[8:12], "big")
    for cell in range(int.from_bytes(page[3:5], "big")):
        at = int.from_bytes(page[12 + 2 * cell : 14 + 2 * cell], "big")
        yield int.from_bytes(page[at : at + 4], "big")


def _size(root: int, below: dict[int, list[int]]) -> int:
    """Return how many pages are below a page; a damaged one may be below itself."""
    seen = {root}
    waiting = [root]
    while waiting:
        for child in below.get(waiting.pop(), ()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return len(seen)


def _named(
    connection: sqlite3.Connection, tables: list[int], indexes: list[int]
) -> dict[str, tuple[int, str]]:
    """Return of each table that is found its first page and its columns: of several the largest."""
    columns = ", ".join(ROWID_COLUMNS)
    _declare(connection, {f"t{root}": (root, f"({columns})") for root in tables})
    _declare(
        connection,
        {
            f"i{root}": (root, "(run, key, PRIMARY KEY (run, key)) WITHOUT ROWID")
            for root in indexes
        },
    )
    found: dict[str, tuple[int, str]] = {}
    for root in tables:
        for name, (form, declared) in FORMS.items():
            if name not in found and _looks_like(connection, f"t{root}", form, "rowid"):
                found[name] = (root, f"({declared})")
                break
    for root in indexes:
        if "coarser" not in found and _looks_like(connection, f"i{root}", COARSER_FORM, "run"):
            found["coarser"] = (root, "(run, key, PRIMARY KEY (run, key)) WITHOUT ROWID")
    if not found:
        raise sqlite3.DatabaseError("no tables")
    return found


def _looks_like(connection: sqlite3.Connection, table: str, form: str, key: str) -> bool:
    """Return whether the first row that can be read, or else the last, has that form."""
    for order in (f"ORDER BY {key}", f"ORDER BY {key} DESC"):
        query = f"SELECT {form} FROM {table} {order} LIMIT 1"  # noqa: S608
        try:
            row = connection.execute(query).fetchone()
        except sqlite3.Error:
            continue
        return row is not None and bool(row[0])
    return False


def _declare(connection: sqlite3.Connection, tables: dict[str, tuple[int, str]]) -> None:
    """Write tables whose pages are there into the schema, and have it read anew."""
    connection.execute("PRAGMA writable_schema = ON")
    with connection:
        for name, (root, columns) in tables.items():
            connection.execute(
                "INSERT INTO sqlite_master VALUES ('table', ?, ?, ?, ?)",
                (name, name, root, f"CREATE TABLE {name} {columns}"),
            )
    connection.execute("PRAGMA writable_schema = RESET")
