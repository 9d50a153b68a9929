import time
from unittest.mock import Mock

import pytest

from headway import string_width
from progress_tracker import ProgressTracker, frame


@pytest.fixture
def tracker():
    tracker = ProgressTracker("Installing PostgreSQL", console=Mock())
    for name in ("Update", "Download", "Configure"):
        tracker.add_stage(name)
    tracker.stages[1].total_bytes = 50_000_000
    return tracker


def drawn(lines):
    return ["".join(piece for _style, piece in line) for line in lines]


def test_a_running_stage_shows_percent_bytes_and_rate(tracker):
    tracker.start_stage(1)
    tracker.update_stage_progress(1, processed_bytes=12_500_000)
    tracker.stages[1].start_time = time.time() - 10
    line = drawn([frame.stage_line(tracker.stages[1], frame.theme_for("utf-8"))])[0]
    assert line.startswith("[→] Download (current) 25% 12.5/50 MB 1.2")
    tracker.start_stage(0)
    tracker.stages[0].start_time = time.time() - 65
    line = drawn([frame.stage_line(tracker.stages[0], frame.theme_for("utf-8"))])[0]
    assert line == "[→] Update (current) 1m 5s"


def test_a_hundred_percent_are_said_of_success_alone(tracker):
    for index in range(3):
        tracker.update_stage_progress(index, progress=1.0)
    assert frame.percent(tracker) == 99
    for index in range(3):
        tracker.complete_stage(index)
    assert frame.percent(tracker) == 100
    tracker.complete_stage(2, error="late failure")
    assert frame.percent(tracker) == 99


def test_no_percentage_is_made_up_of_bytes_without_a_total():
    tracker = ProgressTracker("Fetch", enable_notifications=False)
    tracker.add_stage("Download")
    tracker.start_stage(0)
    assert drawn(frame.block(tracker, frame.theme_for("utf-8")))[1].endswith(" 0%")
    tracker.update_stage_progress(0, processed_bytes=5_000_000)
    assert "%" not in "".join(drawn(frame.block(tracker, frame.theme_for("utf-8"))))
    tracker.update_stage_progress(0, progress=0.25)
    assert drawn(frame.block(tracker, frame.theme_for("utf-8")))[1].endswith(" 25%")


def test_what_ended_without_stages_has_no_bar():
    tracker = ProgressTracker("Fetch", enable_notifications=False)
    tracker.start()
    tracker.complete()
    assert drawn(frame.block(tracker, frame.theme_for("utf-8"))) == ["Fetch"]


def test_a_stream_of_ascii_gets_ascii(tracker):
    tracker.operation_name = "Søk …"
    tracker.start_stage(0)
    tracker.complete_stage(0)
    tracker.start_stage(1)
    lines = drawn(frame.block(tracker, frame.theme_for("ascii")))
    assert all(line.isascii() for line in lines)
    assert lines[0] == "S?k ..."
    assert lines[1].startswith("=====")
    assert lines[4:] == ["[+] Update (0s)", "[>] Download (current)", "[ ] Configure"]


@pytest.mark.parametrize("width", [4, 10, 20, 39, 80])
def test_no_row_is_wider_than_the_terminal(tracker, width):
    tracker.stages[0].name = "日本語のパッケージ" * 10
    tracker.complete_stage(0, error="a long reason " * 20)
    for row in drawn(frame.window(tracker, frame.theme_for("utf-8"), width, 24)):
        assert string_width.cells(row) <= width


def test_a_long_name_gives_way_to_how_far_its_stage_is(tracker):
    tracker.stages[0].name = "package number 12 of the whole collection"
    tracker.start_stage(0)
    tracker.update_stage_progress(0, 0.4)
    rows = drawn(frame.window(tracker, frame.theme_for("utf-8"), 40, 24))
    assert "[→] package numb…ollection (current) 40%" in rows


@pytest.mark.parametrize("height", [1, 2, 4, 8, 12])
def test_what_matters_is_kept_when_rows_are_few(tracker, height):
    for number in range(100):
        tracker.complete_stage(tracker.add_stage(f"done {number}"))
    tracker.complete_stage(tracker.add_stage("bad"), error="why")
    tracker.start_stage(2)
    rows = drawn(frame.window(tracker, frame.theme_for("utf-8"), 60, height))
    assert len(rows) <= height
    if height >= 8:
        assert "[✗] bad (failed: why)" in rows
        assert "[→] Configure (current)" in rows
        assert rows[-1].startswith("… ")
        assert rows[-1].endswith(" more")


def test_wrapping_leaves_nothing_out():
    line = [("bad", "❌ "), ("", "日本語 and more" * 5)]
    rows = frame.wrap(line, 10)
    assert "".join(drawn(rows)) == "❌ " + "日本語 and more" * 5
    assert all(string_width.cells(row) <= 10 for row in drawn(rows))


def test_an_end_says_how_it_went():
    theme, plain = frame.theme_for("utf-8"), frame.theme_for("ascii")
    assert drawn([frame.ending("completed", "Done", theme, "5s")]) == ["✅ Done (5s)"]
    assert drawn([frame.ending("failed", "No [x]", theme)]) == ["❌ No [x]"]
    assert drawn([frame.ending("failed", "No", plain)]) == ["FAILED: No"]
    assert drawn([frame.ending("cancelled", "Stop", theme)]) == ["⊗ Stop"]


def test_a_success_is_a_hundred_percent_whatever_its_stages_are(tracker):
    tracker.start()
    tracker.start_stage(0)
    tracker.complete()
    assert frame.percent(tracker) == 100


@pytest.mark.parametrize("width", [22, 26, 30, 38, 39, 80])
def test_the_time_remaining_is_never_cut(tracker, width):
    rows = drawn(frame.window(tracker, frame.theme_for("utf-8"), width, 24))
    assert any(row.endswith("calculating...") for row in rows)
