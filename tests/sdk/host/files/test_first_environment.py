"""The environment of the first report decides, whatever the program makes of it afterwards."""

import os

import pytest

from headway.host.files import first_environment
from headway.host.files.spool import spool_place
from headway.protocol.endpoint import state_directory


@pytest.fixture(autouse=True)
def environ(monkeypatch, tmp_path):
    place = tmp_path / "run"
    place.mkdir(mode=0o700)
    monkeypatch.setattr(os, "environ", dict(os.environ, HEADWAY_RUNTIME_DIR=str(place)))
    first_environment.forget()
    yield os.environ
    first_environment.forget()


def test_until_the_first_report_it_is_that_of_the_process(environ):
    environ["HEADWAY_KEY"] = "lab"
    assert first_environment.environ() is environ


def test_what_is_cleared_after_the_first_report_decides_still(environ):
    before = spool_place()
    first_environment.note()
    assert first_environment.environ() is environ
    environ.clear()
    assert spool_place() == before


def test_what_is_set_after_the_first_report_decides_nothing_but_is_there(environ):
    environ.pop("HEADWAY_ENDPOINT", None)
    first_environment.note()
    environ.update(HEADWAY_ENDPOINT="/tmp/other", TERM="xterm")
    now = first_environment.environ()
    assert (now.get("HEADWAY_ENDPOINT"), now["TERM"]) == (None, "xterm")
    first_environment.note()
    assert "HEADWAY_ENDPOINT" not in first_environment.environ()


def test_a_relative_directory_is_that_of_where_the_program_was(environ, monkeypatch, tmp_path):
    environ.update(HEADWAY_RUNTIME_DIR="run", HEADWAY_STATE_DIR="state")
    monkeypatch.chdir(tmp_path)
    first_environment.note()
    monkeypatch.chdir("/")
    assert spool_place()[0] == str(tmp_path / "run")
    state = state_directory(first_environment.environ(), "/home")
    assert state == str(tmp_path / "state")


def test_where_the_working_directory_is_gone_the_first_report_is_none_the_worse(
    environ, monkeypatch, tmp_path
):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    environ["HEADWAY_STATE_DIR"] = "state"
    first_environment.note()
    assert first_environment.environ()["HEADWAY_STATE_DIR"] == "state"
