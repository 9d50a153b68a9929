from __future__ import annotations

import pytest
from transcripts import play

from headway.run.parsers.packages import pip
from headway.run.reading.command_line import FormContext, parse_command_line
from headway.run.reading.events import OUTPUT, Detail, StageMoved, StageStarted


def parser():
    return pip.Parser(parse_command_line(["pip", "install", "x"]))


@pytest.mark.parametrize(
    "name",
    ["pip23-install.out", "pip23-install.pty", "pip26-install.pty", "pip26-install-raw.out"],
)
def test_an_install_resolves_downloads_and_installs_with_every_pip(name):
    played = play(parser(), name, chunk=100)
    counts = played.counts()
    assert counts["Resolve"] == (10, None, "completed")
    assert counts["Download"] == (10, None, "completed")
    assert counts["Install"] == (10, 10, "completed")


def test_a_count_that_pip_never_tells_is_none():
    events = parser().feed("Installing collected packages: six, idna", OUTPUT)
    assert StageStarted("Install", None, "packages") in events
    assert events[-1] == Detail("2 packages")


def test_raw_progress_gives_a_stage_in_bytes_below_the_download():
    played = play(parser(), "pip26-download-raw.out")
    stage = played.stages["numpy 2.5.5"]
    assert (stage["done"], stage["total"], stage["unit"]) == (15_713_899, 15_713_899, "B")
    assert stage["parent"] == "Download"
    assert played.dones("numpy 2.5.5") == [0, 262_144, 15_713_899]


def test_bars_drawn_on_a_terminal_are_read_too():
    played = play(parser(), "pip23-download.pty")
    assert played.dones("numpy 2.4.6") == [0, 12_100_000, 16_900_000]


def test_a_wheel_that_is_built_is_a_stage():
    played = play(parser(), "pip26-sdist.out")
    assert played.counts()["Build"] == (1, 1, "completed")


def test_the_last_error_says_what_is_missing():
    played = play(parser(), "pip26-notfound.err", exit_status=1)
    assert played.failed[-1] == "No matching distribution found for nosuchpackagexyz123"


def test_metadata_fetched_apart_tells_how_many_files_will_come():
    machine = parser()
    for line in (
        "Collecting a",
        "  Downloading a-1-py3-none-any.whl.metadata (4.6 kB)",
        "Collecting b (from a)",
        "  Downloading b-2-py3-none-any.whl.metadata (3.1 kB)",
    ):
        machine.feed(line, OUTPUT)
    events = machine.feed("Downloading a-1-py3-none-any.whl (73 kB)", OUTPUT)
    events = events or machine.feed("  Downloading a-1-py3-none-any.whl (73 kB)", OUTPUT)
    assert events[-1] == StageMoved("Download", 0, 2, "a 1")


def test_raw_is_asked_for_only_where_pip_has_it():
    command = parse_command_line(["python3", "-m", "pip", "install", "x"])
    form = pip.machine_form(command, FormContext(9, version=(24, 1)))
    assert form is not None
    assert form.argv == ["python3", "-m", "pip", "install", "--progress-bar", "raw", "x"]
    assert pip.machine_form(command, FormContext(9, version=(23, 2, 1))) is None
    assert pip.machine_form(command, FormContext(9)) is None


@pytest.mark.parametrize(
    "line", ["pip list", "pip install -q x", "pip install --progress-bar off x", "pip uninstall x"]
)
def test_a_users_own_choice_is_left_alone(line):
    assert (
        pip.machine_form(parse_command_line(line.split()), FormContext(9, version=(26, 0))) is None
    )


def test_what_raw_adds_is_hidden_and_nothing_else():
    form = pip.machine_form(
        parse_command_line(["pip", "install", "x"]), FormContext(9, version=(26, 0))
    )
    assert form is not None
    assert form.hidden is not None
    assert form.hidden.fullmatch(b"Progress 12 of 40\n")
    assert not form.hidden.fullmatch(b"Progress 12 of 40 files\n")
    assert not form.hidden.fullmatch(b"  Progress 12 of 40\n")
