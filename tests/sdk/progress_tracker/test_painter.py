import io
import time

import pytest
from rich.console import Console

import progress_tracker
from progress_tracker import ProgressTracker
from progress_tracker.painter import Painter


def piped(width=80):
    out = io.StringIO()
    tracker = ProgressTracker("Op", console=Console(file=out, width=width))
    return tracker, out


def forced():
    out = io.StringIO()
    console = Console(file=out, width=60, height=20, force_terminal=True, color_system="standard")
    return ProgressTracker("Op", console=console), out


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)


def test_a_pipe_gets_no_escape_codes_and_no_line_twice(monkeypatch):
    for clock in ("monotonic", "time"):
        monkeypatch.setattr(time, clock, lambda: 1000.0)  # however long it takes here
    tracker, out = piped()
    tracker.add_stage("one")
    tracker.add_stage("two")
    tracker.start()
    for _ in range(1000):
        tracker.display_progress()
    tracker.start_stage(0)
    for step in range(1000):
        tracker.update_stage_progress(0, step / 10_000)
        tracker.display_progress()
    tracker.complete_stage(0)
    tracker.display_progress()
    tracker.complete()
    text = out.getvalue()
    assert "\x1b" not in text
    assert text.count("[→] one (current)") == 1
    assert text.count("[✓] one (0s)") == 1
    assert text.count("[ ] two") == 1
    assert text.count("✅ Op completed (0s)") == 1
    assert len(text.splitlines()) < 30


def test_a_pipe_is_told_of_counts_now_and_then(monkeypatch):
    tracker, out = piped()
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    tracker.start_stage(tracker.add_stage("one"))
    for step in range(100):
        clock[0] += 0.5
        tracker.update_stage_progress(0, step / 100)
        tracker.display_progress()
    assert 9 <= out.getvalue().count("[→] one (current)") <= 12


def test_a_narrow_console_is_not_overrun_and_nothing_is_lost():
    tracker, out = piped(width=30)
    tracker.add_stage("a stage of a long name that no such console has room for")
    tracker.complete_stage(0, error="connection to the mirror was reset by peer")
    tracker.display_progress()
    tracker.complete(success=False, message="connection to the mirror was reset by peer")
    assert all(len(line) <= 30 for line in out.getvalue().splitlines())
    assert "reset by peer" in out.getvalue().replace("\n", "")


def test_a_terminal_is_redrawn_in_place_and_never_cleared():
    tracker, out = forced()
    tracker.add_stage("one")
    tracker.start()
    tracker.start_stage(0)
    tracker.display_progress()
    tracker.complete_stage(0)
    tracker.display_progress()
    tracker.complete()
    text = out.getvalue()
    assert "\x1b[2J" not in text
    assert "\x1b[H" not in text
    assert "A" in text  # cursor up
    assert "✅ Op completed" in text


def test_a_terminal_is_drawn_ten_times_a_second_at_most():
    tracker, out = forced()
    tracker.start_stage(tracker.add_stage("one"))
    ends = time.monotonic() + 0.5
    calls = 0
    while time.monotonic() < ends:
        tracker.update_stage_progress(0, (calls % 100) / 100)
        tracker.display_progress()
        calls += 1
    assert calls > 50
    assert out.getvalue().count("Estimated time") <= 7


def test_the_text_of_an_error_is_shown_whole_on_a_terminal_too():
    tracker, out = forced()
    message = "E: Unable to fetch some archives, maybe run apt-get update or try --fix-missing?"
    tracker.start()
    tracker.complete(success=False, message=message)
    assert message[:50] in out.getvalue()
    assert "--fix-missing?" in out.getvalue()


def test_plain_text_goes_to_standard_output_whatever_it_can_encode(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setattr(progress_tracker, "RICH_AVAILABLE", False)
    tracker = ProgressTracker("Øl")
    tracker.start()
    tracker.complete_stage(tracker.add_stage("fôr"), error="ütf")
    tracker.display_progress()
    tracker.complete(success=False, message="näh")
    assert b"[x] f?r (failed: ?tf)" in raw.getvalue()
    assert b"FAILED: n?h" in raw.getvalue()


def test_a_standard_output_that_is_closed_or_gone_harms_nothing(monkeypatch):
    monkeypatch.setattr(progress_tracker, "RICH_AVAILABLE", False)
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr("sys.stdout", stream)
        tracker = ProgressTracker("Op")
        tracker.start()
        tracker.start_stage(tracker.add_stage("one"))
        tracker.display_progress()
        tracker.complete()
        assert tracker.end_time is not None


def test_nothing_is_drawn_after_the_end():
    tracker, out = forced()
    tracker.add_stage("one")
    tracker.complete()
    said = out.getvalue()
    tracker.display_progress()
    assert out.getvalue() == said


def test_a_painter_that_has_drawn_the_end_draws_no_more():
    tracker, out = forced()
    painter = Painter(tracker)
    tracker.add_stage("one")
    painter.end("completed", "done")
    said = out.getvalue()
    tracker.start_stage(tracker.add_stage("two"))
    painter.draw()
    assert out.getvalue() == said


@pytest.mark.parametrize("make", [piped, forced])
def test_the_last_picture_of_a_success_says_100_percent(make):
    tracker, out = make()
    tracker.start_stage(tracker.add_stage("one"))
    tracker.add_stage("not needed")
    tracker.complete_stage(0)
    tracker.display_progress()
    tracker._painter.leave()
    tracker.complete()
    assert "100%" in out.getvalue().rpartition("✅")[0].rpartition("50%")[2]
