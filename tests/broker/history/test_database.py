import os
import sqlite3
import stat

import pytest

from headway_broker.history import schema
from headway_broker.history.database import connect, is_temporary, set_aside


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "state" / "history.sqlite3")


def test_a_new_file_is_private_and_up_to_date(path):
    connection = connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_a_file_of_a_newer_broker_is_left_as_it_is(path):
    connection = connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(schema.TooNew):
        connect(path)


def test_a_link_is_not_followed(path, tmp_path):
    os.mkdir(os.path.dirname(path))
    os.symlink(tmp_path / "elsewhere", path)
    with pytest.raises(OSError, match="symbolic links"):
        connect(path)
    assert not (tmp_path / "elsewhere").exists()


def test_what_belongs_to_a_file_goes_aside_with_it(path):
    os.mkdir(os.path.dirname(path))
    for suffix in ("", "-wal"):
        with open(path + suffix, "w") as file:
            file.write(suffix)
    aside = set_aside(path)
    assert sorted(os.listdir(os.path.dirname(path))) == sorted(
        os.path.basename(aside) + suffix for suffix in ("", "-wal")
    )


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("database or disk is full", True),
        ("database is locked", True),
        ("disk I/O error", True),
        ("unable to open database file", False),
    ],
)
def test_a_full_disk_and_a_lock_are_temporary(text, passes):
    assert is_temporary(sqlite3.OperationalError(text)) is passes
