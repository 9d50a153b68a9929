import os
import sqlite3

import pytest

from headway_broker.history.page_scan import header_of, rebuild


def test_a_header_tells_the_size_of_pages_and_of_the_file(tmp_path):
    path = tmp_path / "file"
    connection = sqlite3.connect(path)
    for statement in ("PRAGMA page_size = 65536", "CREATE TABLE x (y)", "PRAGMA user_version = 7"):
        connection.execute(statement)
    connection.close()
    assert header_of(path.read_bytes()) == (65536, 2, 7)


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 84])
def test_what_is_no_header_tells_nothing(data):
    assert header_of(data) is None


def test_tables_are_found_without_a_schema_whatever_the_size_of_pages(tmp_path):
    path = tmp_path / "file"
    connection = sqlite3.connect(path)
    for statement in (
        "PRAGMA page_size = 512",
        "CREATE TABLE runs (number INTEGER PRIMARY KEY, key TEXT, ended REAL, run TEXT)",
    ):
        connection.execute(statement)
    with connection:
        rows = [(f"k{number}", "x" * 700) for number in range(1000)]
        connection.executemany("INSERT INTO runs (key, ended, run) VALUES (?, 1, ?)", rows)
    connection.close()
    data = bytearray(path.read_bytes())
    data[100:512] = bytes(412)
    path.write_bytes(data)
    rebuild(str(path), str(tmp_path / "copy"))
    copy = sqlite3.connect(tmp_path / "copy")
    assert copy.execute("SELECT key, run FROM runs").fetchall() == rows
    copy.close()


def test_pages_that_name_each_other_end_nothing(tmp_path):
    size = 4096
    first, second = bytearray(size), bytearray(size)
    for page, child in ((first, 3), (second, 2)):
        page[0] = 0x05
        page[8:12] = child.to_bytes(4, "big")
    (tmp_path / "file").write_bytes(bytes(size) + first + second)
    with pytest.raises(sqlite3.DatabaseError, match="no tables"):
        rebuild(str(tmp_path / "file"), str(tmp_path / "copy"))


def test_what_a_file_was_extended_by_takes_no_room_in_its_copy(tmp_path):
    size, added = 4096, 64 << 20
    page = bytearray(size)
    page[0] = 0x0D
    with open(tmp_path / "file", "wb") as file:
        file.write(bytes(size) + page)
        file.truncate(added)
    with pytest.raises(sqlite3.DatabaseError, match="no tables"):
        rebuild(str(tmp_path / "file"), str(tmp_path / "copy"))
    copy = os.stat(tmp_path / "copy")
    assert copy.st_size == added
    assert copy.st_blocks * 512 < added // 8
