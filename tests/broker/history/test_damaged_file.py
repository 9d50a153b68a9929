import os

import pytest
from wired import Wired

from headway.protocol.wire import pack
from headway_broker.history import schema
from headway_broker.history.damaged_file import salvage
from headway_broker.history.database import connect

RUN = "x" * 1000
NAMED = "SELECT count(*) FROM runs JOIN coarser ON coarser.run = number WHERE name = 'name'"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "history.sqlite3")


@pytest.fixture
def new(tmp_path):
    connection = connect(str(tmp_path / "new.sqlite3"))
    yield connection
    connection.close()


def with_runs(path):
    """A file with 200 runs, four to a page, each with a name and a coarser key."""
    connection = connect(path)
    connection.execute("BEGIN")
    for number in range(1, 201):
        row = (f"k{number}", RUN)
        connection.execute(
            "INSERT INTO runs (key, ended, run, name) VALUES (?, 1.0, ?, 'name')", row
        )
        connection.execute("INSERT INTO coarser VALUES ('c', ?)", (number,))
    connection.execute("INSERT INTO claims VALUES ('claimed', 2.0)")
    connection.execute("COMMIT")
    closed(connection)


def closed(connection):
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def overwrite(path, at, length):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(b"\xff" * length)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def test_a_damaged_page_costs_the_rows_on_it_and_no_others(path, new):
    with_runs(path)
    page = content(path).index(b"k30x") // 4096 * 4096
    overwrite(path, page, 4096)
    said = salvage(path, new)
    kept = {key for (key,) in new.execute("SELECT key FROM runs")}
    assert len(kept) >= 190
    assert "k30" not in kept
    assert "places in it cannot be read" in said


@pytest.mark.parametrize("share", [0.9, 0.5])
def test_a_truncated_file_costs_what_was_cut_off(path, new, share):
    with_runs(path)
    os.truncate(path, int(os.path.getsize(path) * share) // 4096 * 4096 + 2048)
    data = content(path)
    whole = data[: len(data) // 4096 * 4096].count(RUN.encode())
    salvage(path, new)
    runs = new.execute("SELECT run, name FROM runs").fetchall()
    assert runs == [(RUN, "name")] * whole
    assert whole > 50


def test_what_is_salvaged_keeps_its_names_and_coarser_keys(path, new):
    with_runs(path)
    salvage(path, new)
    assert new.execute(NAMED).fetchone() == (200,)


@pytest.mark.parametrize("at", [0, 100], ids=["the first page", "the schema on it"])
def test_a_file_without_a_schema_keeps_its_rows_and_their_names(path, new, at):
    with_runs(path)
    overwrite(path, at, 4096 - at)
    salvage(path, new)
    assert new.execute(NAMED).fetchone() == (200,)
    assert new.execute("SELECT key, claimed FROM claims").fetchall() == [("claimed", 2.0)]
    assert not [name for name in os.listdir(os.path.dirname(path)) if "rebuilt" in name]


def test_without_a_schema_what_was_deleted_does_not_come_back(path, new):
    with_runs(path)
    connection = connect(path)
    connection.execute("DELETE FROM runs WHERE number > 100")
    closed(connection)
    overwrite(path, 100, 3996)
    salvage(path, new)
    assert new.execute("SELECT max(number) FROM runs").fetchone() == (100,)


def test_a_file_that_is_no_database_gives_nothing(path, new):
    for size in (0, 50, 100_000):
        with open(path, "wb") as file:
            file.write(os.urandom(size))
        assert salvage(path, new) == "nothing of it can be read"


def of_version(monkeypatch, version, path):
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "STEPS", schema.STEPS[:version])
        earlier.setattr(schema, "VERSION", version)
        return connect(path)


def test_a_damaged_file_of_an_earlier_version_keeps_its_rows(path, new, monkeypatch):
    connection = of_version(monkeypatch, 3, path)
    connection.execute("INSERT INTO runs (key, ended, run) VALUES ('k', 1.0, '{}')")
    closed(connection)
    salvage(path, new)
    assert new.execute("SELECT key, name FROM runs").fetchall() == [("k", None)]
    assert os.path.exists(path)


@pytest.mark.parametrize("damaged", [False, True], ids=["its schema", "no schema"])
def test_nothing_that_a_command_has_printed_is_copied_or_left(path, new, monkeypatch, damaged):
    operation = Wired().worker().start(stages=("a",))
    operation.error = operation.stages[1].detail = "the secret word"
    body = pack([operation.record(), [operation.stages[1].record()], {}])
    connection = of_version(monkeypatch, 2, path)
    row = "INSERT INTO operations VALUES (?, '/run', 1, 1, NULL, 's', 1, 1, '{}', ?)"
    connection.executemany(row, [(str(number), body) for number in range(100)])
    closed(connection)
    assert b"secret" in content(path)
    if damaged:
        overwrite(path, 100, 3996)
    salvage(path, new)
    rows = new.execute("SELECT body, clock FROM operations").fetchall()
    assert len(rows) == 100
    assert all(body and b"secret" not in body and clock is None for body, clock in rows)
    assert not os.path.exists(path)


def test_a_row_whose_body_is_damaged_is_left_out_and_counted(path, new):
    connection = connect(path)
    row = "INSERT INTO operations VALUES ('id', '/run', 1, 1, NULL, 's', 1, 1, '{}', ?, NULL)"
    connection.execute(row, (b"\xc1",))
    closed(connection)
    assert salvage(path, new) == "0 rows of it were saved, 1 places in it cannot be read"
