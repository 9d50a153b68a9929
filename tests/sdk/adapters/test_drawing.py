"""Whether Headway's viewer draws where a library would."""

import io
import os

import pytest

from headway.adapters.drawing import is_drawn_by_headway


@pytest.fixture
def terminal(monkeypatch):
    """A terminal that standard error seems to be, as a file."""
    controller, device = os.openpty()
    path = os.ttyname(device)
    for module in ("headway.host.identity", "headway.reporting.viewers.terminal_viewer"):
        monkeypatch.setattr(f"{module}.terminal", lambda: path)
    for name in ("CI", "JPY_PARENT_PID", "HEADWAY_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with open(device, "w", closefd=True) as file:
        yield file
    os.close(controller)


def test_the_terminal_of_the_program_is_drawn_by_headway(reporter, terminal):
    assert is_drawn_by_headway(terminal)


def test_another_file_is_not(reporter, terminal, tmp_path):
    assert not is_drawn_by_headway(io.StringIO())
    with (tmp_path / "file").open("w") as file:
        assert not is_drawn_by_headway(file)


def test_where_reports_are_off_it_is_not(reporter, terminal, monkeypatch):
    monkeypatch.setattr(reporter, "off", True)
    assert not is_drawn_by_headway(terminal)


def test_a_terminal_that_shows_no_pictures_gets_lines_of_headway(reporter, terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert is_drawn_by_headway(terminal)


def test_where_it_is_told_to_be_quiet_the_library_does_not_draw_either(
    reporter, terminal, monkeypatch
):
    monkeypatch.setenv("HEADWAY_DISPLAY", "quiet")
    assert is_drawn_by_headway(terminal)
