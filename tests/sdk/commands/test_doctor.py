"""What `headway doctor` finds out."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile

import pytest

from headway.commands import broker_check, doctor
from headway.host.files import lost_ends
from headway.host.files.spool import write_spool_file
from headway.protocol import endpoint


@pytest.fixture
def environ():
    place = tempfile.mkdtemp(prefix="hw", dir="/tmp")
    yield {"HEADWAY_RUNTIME_DIR": place, "HEADWAY_STATE_DIR": place, "HOME": place}
    shutil.rmtree(place, ignore_errors=True)


def test_a_full_runtime_directory_is_told_with_where_final_states_go_instead(environ, monkeypatch):
    def full(place, user):
        if "spool-" not in place:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("headway.host.files.spool.try_out", full)
    lines, trouble = doctor.examine(environ, os.getuid())
    assert trouble == []
    assert "; final states are left in " in dict(lines)["full"]


def test_where_a_broker_can_be_started_reporting_works(environ):
    lines, trouble = doctor.examine(environ, os.getuid())
    facts = dict(lines)
    assert trouble == []
    assert facts["runtime"] == environ["HEADWAY_RUNTIME_DIR"]
    assert "none runs" in facts["broker"]
    assert {"headway", "python", "pyzmq", "msgpack", "state"} <= set(facts)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"HEADWAY": "off"}, "HEADWAY=off"),
        ({"HEADWAY_BROKER": "never"}, "HEADWAY_BROKER=never"),
        ({"HEADWAY_ENDPOINT": "ipc:///nowhere/s"}, "nobody listens there"),
        ({"HEADWAY_ENDPOINT": "udp://127.0.0.1:1"}, "unset it, or set it to the path"),
        ({"HEADWAY_ENDPOINT": "tcp://127.0.0.1:1"}, "there is no worker's key in"),
        ({"HEADWAY_RUNTIME_DIR": "/nowhere/at/all"}, "cannot be made"),
    ],
)
def test_why_reporting_is_off_is_said(environ, changes, why):
    _, trouble = doctor.examine({**environ, **changes}, os.getuid())
    assert len(trouble) == 1
    assert why in trouble[0]


def test_what_runs_the_broker_is_said(environ, monkeypatch):
    facts = dict(doctor.examine(environ, os.getuid())[0])
    assert facts["interpreter"] == f"{sys.executable} runs broker and viewers"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    environ["PATH"] = os.path.dirname(sys.executable)
    lines, trouble = doctor.examine(environ, os.getuid())
    assert dict(lines)["interpreter"].endswith(", which has the headway command of PATH")
    assert trouble == []


def test_where_nothing_can_run_a_broker_reporting_is_off(environ, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    place = environ["HEADWAY_RUNTIME_DIR"]
    write_spool_file(place, os.getuid(), "session", b"x")
    lines, trouble = doctor.examine(environ, os.getuid())
    facts = dict(lines)
    assert facts["interpreter"].startswith("none: this program is no Python")
    assert facts["unsent"].startswith("1 files of final states wait for a broker, and none can be")
    (reason,) = trouble
    assert reason.startswith("no broker runs, and no Python is known that could run one: this")


def test_how_many_ends_found_no_place_is_said(environ):
    assert "lost" not in dict(doctor.examine(environ, os.getuid())[0])
    state = os.path.join(environ["HEADWAY_RUNTIME_DIR"], "state")
    os.mkdir(state, 0o700)
    environ["HEADWAY_STATE_DIR"] = state
    lost_ends.add([environ["HEADWAY_RUNTIME_DIR"]], os.getuid(), 2)
    lost_ends.add([state], os.getuid(), 1)
    facts = dict(doctor.examine(environ, os.getuid())[0])
    assert facts["lost"].startswith("3 final states found no broker and no room in unsent/, the")
    environ["HEADWAY_RUNTIME_DIR"] = "/nowhere/at/all"
    assert dict(doctor.examine(environ, os.getuid())[0])["lost"].startswith("1 final states")


def test_a_directory_open_to_others_is_named(environ):
    os.chmod(environ["HEADWAY_RUNTIME_DIR"], 0o755)
    _, trouble = doctor.examine(environ, os.getuid())
    assert "must be 0700" in trouble[0]


@pytest.mark.parametrize("name", ["start.lock", "unsent"])
def test_what_cannot_be_written_in_the_runtime_directory_is_said(environ, name):
    os.symlink("/nowhere", os.path.join(environ["HEADWAY_RUNTIME_DIR"], name))
    _, trouble = doctor.examine(environ, os.getuid())
    assert len(trouble) == 1
    assert "nothing can be left in" in trouble[0]


def test_what_is_tried_is_taken_away_again(environ):
    doctor.examine(environ, os.getuid())
    assert os.listdir(os.path.join(environ["HEADWAY_RUNTIME_DIR"], "unsent")) == []


def test_why_nothing_is_remembered_is_said_and_is_no_trouble(environ):
    with open(os.path.join(environ["HOME"], "file"), "w"):
        pass
    place = os.path.join(environ["HOME"], "file", "state")
    facts, trouble = doctor.examine({**environ, "HEADWAY_STATE_DIR": place}, os.getuid())
    assert trouble == []
    assert dict(facts)["state"].startswith(f"{place}: nothing is remembered: Not a directory: ")


def test_the_exit_status_tells(environ):
    def examine(**more):
        # In a process of its own: nothing that reports in this one may meet such an environment.
        found = {**os.environ, **environ, **more}
        command = [sys.executable, "-m", "headway", "doctor"]
        done = subprocess.run(command, env=found, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    status, said = examine(HEADWAY_BROKER="")
    assert (status, said.splitlines()[-1]) == (0, "reporting works")
    status, said = examine(HEADWAY_BROKER="", HEADWAY="off")
    assert status == 1
    assert "reporting is off: HEADWAY=off is set" in said


def test_final_states_that_wait_are_counted(environ):
    folder = os.path.join(environ["HEADWAY_RUNTIME_DIR"], "unsent")
    os.mkdir(folder)
    for name in ("one", "two", ".half"):
        with open(os.path.join(folder, name), "w"):
            pass
    assert dict(doctor.examine(environ, os.getuid())[0])["unsent"].startswith("2 files")


def test_what_lies_beside_a_broker_waits_for_none(environ, monkeypatch):
    monkeypatch.setattr(broker_check, "ANSWER_TIMEOUT", 0.1)
    folder = os.path.join(environ["HEADWAY_RUNTIME_DIR"], "unsent")
    os.mkdir(folder)
    with open(os.path.join(folder, "one"), "w"):
        pass
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(environ["HEADWAY_RUNTIME_DIR"], "report.sock"))
        listener.listen(2)
        lines, _ = doctor.examine(environ, os.getuid())
    assert "unsent" not in dict(lines)


def test_what_waits_in_another_directory_of_the_user_is_counted_too(environ, monkeypatch, tmp_path):
    place = environ["HEADWAY_RUNTIME_DIR"]
    other = str(tmp_path / "other")
    os.mkdir(other, 0o700)
    known = [(os.path.dirname(at), at) for at in (place, other)]
    monkeypatch.setattr(endpoint, "candidates", lambda environ, uid: known)
    write_spool_file(other, os.getuid(), "session", b"x")
    assert dict(doctor.examine(environ, os.getuid())[0])["unsent"].startswith("1 files")


def history(place, version=0):
    path = os.path.join(place, "history.sqlite3")
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("CREATE TABLE runs (number)")
    connection.commit()
    connection.close()
    return path


def no_file(place):
    os.mkdir(os.path.join(place, "history.sqlite3"))


def rubbish(place):
    with open(os.path.join(place, "history.sqlite3"), "wb") as file:
        file.write(b"no database " * 1000)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda place: history(place, 1_000), "it is of a newer version of Headway (1000)"),
        (no_file, "unable to open database file"),
        (rubbish, "file is not a database; the next broker sets it aside"),
    ],
)
def test_a_history_that_cannot_be_opened_is_told(environ, monkeypatch, capsys, spoil, why):
    spoil(environ["HEADWAY_STATE_DIR"])
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HEADWAY_BROKER", raising=False)
    assert doctor.main([]) == 0
    told = capsys.readouterr().out.splitlines()
    assert any("nothing is remembered: history.sqlite3: " + why in line for line in told)
    assert told[-1] == "reporting works, without a history"


def test_a_history_that_is_in_use_can_be_opened(environ):
    connection = sqlite3.connect(history(environ["HEADWAY_STATE_DIR"]))
    connection.execute("BEGIN IMMEDIATE")
    facts = dict(doctor.examine(environ, os.getuid())[0])
    assert facts["state"] == environ["HEADWAY_STATE_DIR"]
    connection.close()


def test_a_secret_that_was_lost_is_told_with_the_runs_that_are_not_found(environ):
    place = environ["HEADWAY_STATE_DIR"]
    connection = sqlite3.connect(os.path.join(place, "history.sqlite3"))
    connection.execute("CREATE TABLE runs (number, ended)")
    connection.execute("CREATE TABLE coarser (run)")
    connection.executemany("INSERT INTO runs VALUES (?, 1000.0)", [(1,), (2,), (3,)])
    connection.executemany("INSERT INTO coarser VALUES (?)", [(1,), (2,)])  # of commands
    connection.commit()
    connection.close()
    facts = dict(doctor.examine(environ, os.getuid())[0])
    assert facts["secret"].startswith("lost: 2 earlier runs of commands are not found any more")
    secret = os.path.join(place, "secret")
    with open(secret, "wb") as file:
        file.write(b"x" * 32)
    os.chmod(secret, 0o644)
    facts = dict(doctor.examine(environ, os.getuid())[0])
    assert "open to others; it must be 0600" in facts["secret"]
