"""Every version of the history file becomes the newest one."""

import sqlite3

import pytest

from headway_broker.history import schema


@pytest.fixture
def at_version():
    opened = []

    def make(version):
        opened.append(file_of(version))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


def file_of(version):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for step in schema.STEPS[:version]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version}")
    return connection


def shape(connection):
    return sorted(connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall())


@pytest.mark.parametrize("version", range(schema.VERSION + 1))
def test_a_file_of_any_earlier_version_is_brought_up_to_date(at_version, version):
    connection = at_version(version)
    schema.migrate(connection)
    assert shape(connection) == shape(at_version(schema.VERSION))
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)


def test_what_the_first_version_held_is_kept(at_version):
    connection = at_version(1)
    connection.execute("INSERT INTO runs (key, ended, run) VALUES ('k', 1.0, '{}')")
    schema.migrate(connection)
    assert connection.execute("SELECT key, ended, run FROM runs").fetchall() == [("k", 1.0, "{}")]


def test_a_newer_file_is_left_as_it_is(at_version):
    connection = at_version(schema.VERSION)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(schema.TooNew):
        schema.migrate(connection)
    assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION + 1,)
    assert not connection.in_transaction


def test_a_step_that_fails_changes_nothing(at_version, monkeypatch):
    connection = at_version(1)
    monkeypatch.setattr(schema, "STEPS", (schema.STEPS[0], ("CREATE TABLE x (y)", "nonsense")))
    before = shape(connection)
    with pytest.raises(sqlite3.Error):
        schema.migrate(connection)
    assert shape(connection) == before
