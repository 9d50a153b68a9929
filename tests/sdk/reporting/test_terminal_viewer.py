"""When the viewer of a program's terminal is started, and waited for."""

import os
import sys

import pytest

import headway
from headway.reporting import terminal_viewer
from headway.reporting.terminal_viewer import DELAY, Screen, viewer_of

TERMINAL = ["-m", "headway_viewer.terminal"]
PID = ["--pid", str(os.getpid())]


@pytest.fixture
def started(monkeypatch):
    started = []
    monkeypatch.setattr(terminal_viewer, "terminal", lambda: "/dev/pts/9")
    monkeypatch.setattr(
        terminal_viewer.launch, "spawn", lambda argv, *_, **options: started.append((argv, options))
    )
    return started


def test_a_viewer_is_started_half_a_second_after_the_first_operation(home, clock, started):
    shown = Screen(home)
    assert shown.deadline() is None
    headway.operation("Work").start()
    assert shown.deadline() == 100.0 + DELAY
    shown.look(clock.advance(DELAY / 2))
    assert started == []
    shown.look(clock.advance(DELAY))
    ((argv, options),) = started
    assert argv == [
        sys.executable,
        *TERMINAL,
        "--tty",
        "/dev/pts/9",
        "--session",
        home.session,
        *PID,
    ]
    assert options == {"terminal": True, "foreign": False}
    shown.look(clock.advance(9.0))
    assert len(started) == 1


def test_where_no_python_can_run_it_no_viewer_is_started(home, clock, started, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    shown = Screen(home)
    headway.operation("Work").start()
    shown.look(clock.advance(DELAY))
    assert started == []


def test_short_work_starts_nothing(home, clock, started):
    shown = Screen(home)
    headway.operation("Work").start().complete()
    assert shown.deadline() is None


def test_work_for_an_operation_of_another_process_starts_nothing(home, started):
    shown = Screen(home)
    headway.operation("Work", parent="abc/1").start()
    assert shown.deadline() is None


def test_the_exit_waits_for_the_receipts_that_were_promised(home, clock, started):
    shown = Screen(home)
    op = headway.operation("Work").start()
    shown.look(clock.advance(1.0))
    op.complete()
    waits = []

    def wait(until):
        waits.append(until - clock.now)
        if len(waits) == 2:
            home.publisher.drawn.add(op.id)
        return True

    shown.part(wait)
    assert waits == [0.25, 0.25]


def test_the_exit_waits_for_no_viewer_that_was_not_started(home):
    waits = []
    Screen(home).part(lambda until: bool(waits.append(until)))
    assert waits == []


def test_what_is_remembered_has_a_bound_where_the_viewer_is_gone(home, clock, started):
    shown = Screen(home)
    first = headway.operation("Work").start()
    shown.look(clock.advance(1.0))
    for _ in range(5 * terminal_viewer.ENDS):
        op = headway.operation("Short").start()
        shown.look(clock.now)
        op.complete()
    assert len(shown._drawn_for) <= 2 * terminal_viewer.ENDS + 2
    assert {first.id, op.id} <= set(shown._drawn_for)  # it is open; it is the last
    waits = []
    shown.part(lambda until: bool(waits.append(until)))
    assert len(waits) == 1


def test_no_answer_is_kept_where_no_viewer_was_started(home, clock):
    shown = Screen(home)
    op = headway.operation("Work", display="quiet").start()
    shown.look(clock.advance(1.0))
    op.complete()
    home.publisher.drawn.add(op.id)  # by the viewer of another program in this terminal
    shown.look(clock.advance(1.0))
    assert home.publisher.drawn == set()


@pytest.mark.parametrize(
    ("tty", "displays", "ci", "expected"),
    [
        ("/dev/pts/9", [None], None, ["--tty", "/dev/pts/9", "--session", "s"]),
        ("/dev/pts/9", ["quiet", "live"], None, ["--tty", "/dev/pts/9", "--session", "s"]),
        ("/dev/pts/9", ["quiet"], None, None),
        ("/dev/pts/9", ["plain"], None, ["--lines", "plain", "--fd", "2", "--session", "s"]),
        (None, [None], None, None),
        (None, [None], "true", ["--lines", "plain", "--fd", "2", "--session", "s"]),
        (None, ["plain"], None, ["--lines", "plain", "--fd", "2", "--session", "s"]),
        ("/dev/pts/9", ["json"], None, ["--lines", "json", "--fd", "2", "--session", "s"]),
        (None, ["json"], None, ["--lines", "json", "--fd", "2", "--session", "s"]),
        (None, ["live"], None, None),
        (None, ["quiet"], "true", None),
        (None, [], "true", None),
    ],
)
def test_who_draws_depends_on_standard_error_and_on_what_was_asked(
    monkeypatch, tty, displays, ci, expected
):
    monkeypatch.setattr(terminal_viewer, "terminal", lambda: tty)
    monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
    found = viewer_of(displays, "s")
    assert found == (None if expected is None else [*TERMINAL, *expected, *PID])
