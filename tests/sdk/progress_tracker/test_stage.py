import copy
import dataclasses
import pickle
import threading
import time

import pytest

from progress_tracker import ProgressStage, StageStatus
from progress_tracker.stage import count_down, format_duration


def test_statuses_have_the_values_of_the_document_in_lower_case():
    assert [status.value for status in StageStatus] == [
        "pending",
        "in_progress",
        "completed",
        "failed",
        "cancelled",
    ]


def test_a_stage_made_by_hand_is_pending_with_nothing_done():
    stage = ProgressStage("Download")
    assert dataclasses.is_dataclass(stage)
    assert (stage.name, stage.status, stage.progress) == ("Download", StageStatus.PENDING, 0.0)
    assert stage.start_time is stage.end_time is stage.error is stage.total_bytes is None
    assert stage.processed_bytes == 0
    assert stage.elapsed_time == 0.0
    assert not stage.is_complete


def test_a_stage_is_complete_in_every_end():
    for status in StageStatus:
        ended = status not in (StageStatus.PENDING, StageStatus.IN_PROGRESS)
        assert ProgressStage("x", status=status).is_complete is ended


def test_times_may_be_assigned_directly():
    stage = ProgressStage("x", start_time=1000.0, end_time=1005.0)
    assert stage.elapsed_time == 5.0
    assert stage.format_elapsed() == "5s"
    stage.end_time = None
    stage.start_time = time.time() - 83
    assert stage.format_elapsed() == "1m 23s"
    stage.begin()
    stage.start_time = time.time() - 10
    assert 9.9 < stage.elapsed_time < 10.5


def test_a_clock_set_back_gives_no_negative_time(monkeypatch):
    stage = ProgressStage("x")
    stage.begin()
    monkeypatch.setattr(time, "time", lambda: stage.start_time - 3600)
    assert 0 <= stage.elapsed_time < 1
    stage.finish(StageStatus.COMPLETED)
    assert stage.end_time >= stage.start_time
    assert 0 <= stage.elapsed_time < 1
    assert ProgressStage("y", start_time=time.time() + 60).elapsed_time == 0


def test_durations_are_written_as_people_write_them():
    assert format_duration(-1) == "0s"
    assert format_duration(45) == "45s"
    assert format_duration(59.7) == "1m 0s"
    assert format_duration(125) == "2m 5s"
    assert format_duration(7325) == "2h 2m"


def test_a_retried_stage_starts_afresh():
    stage = ProgressStage("x", total_bytes=100)
    stage.begin()
    stage.count(None, 60)
    stage.finish(StageStatus.FAILED, "timeout")
    assert (stage.error, stage.progress) == ("timeout", 0.6)
    stage.begin()
    assert stage.status is StageStatus.IN_PROGRESS
    assert (stage.error, stage.progress, stage.processed_bytes, stage.end_time) == (
        None,
        0,
        0,
        None,
    )
    assert stage.elapsed_time < 1


def test_counts_are_clamped_and_what_is_no_number_is_no_news():
    stage = ProgressStage("x")
    for given, seen in ((1.5, 1.0), (-0.5, 0.0), (0.4, 0.4), (float("nan"), 0.4)):
        stage.count(given, None)
        assert stage.progress == seen
    stage.count(None, 700)
    assert (stage.processed_bytes, stage.progress) == (700, 0.4)  # no size, no share
    stage.total_bytes = 0
    stage.count(None, 800)
    assert stage.progress == 0.4


def test_the_rate_needs_bytes_and_time():
    stage = ProgressStage("x", start_time=time.time() - 10)
    assert stage.rate() is None
    stage.processed_bytes = 5000
    assert 480 < stage.rate() < 520


def test_what_remains_counts_down_between_reports_and_never_reaches_zero_of_itself():
    left = [count_down(10.0, silence, 10.0) for silence in (0, 1, 3, 5, 20, 1000)]
    assert left[:4] == [10, 9, 7, 5]
    assert 5 < left[4] < left[5] < 10


def counted_directly(value, of_bytes=True):
    stage = ProgressStage("x", total_bytes=1000)
    stage.begin()
    stage.count(None if of_bytes else 0.0, 0 if of_bytes else None)
    direct = stage.count_directly(of_bytes=of_bytes)
    direct.value = value
    return stage, direct


def test_what_is_counted_directly_is_read_in_the_fields():
    stage, _direct = counted_directly(250)
    assert (stage.processed_bytes, stage.progress) == (250, 0.25)
    stage, _direct = counted_directly(0.07, of_bytes=False)
    assert (stage.processed_bytes, stage.progress) == (0, 0.07)


@pytest.mark.parametrize(
    "change",
    [
        lambda stage: stage.finish(StageStatus.FAILED, "why"),
        lambda stage: setattr(stage, "status", StageStatus.COMPLETED),
        lambda stage: setattr(stage, "progress", 0.5),
        lambda stage: setattr(stage, "processed_bytes", 500),
        lambda stage: stage.count(None, 500),
    ],
)
def test_a_direct_count_that_comes_after_a_change_is_lost(change):
    stage, direct = counted_directly(250)
    change(stage)
    kept = stage.processed_bytes, stage.progress
    direct.value = 999
    assert list(direct.left) == []
    assert (stage.processed_bytes, stage.progress) == kept


def test_a_copy_of_a_stage_has_its_count_and_none_of_its_report():
    stage, direct = counted_directly(250)
    direct.handle = threading.Lock()  # nothing that can be copied
    for made in (copy.deepcopy(stage), pickle.loads(pickle.dumps(stage))):
        assert made == stage
        made.processed_bytes = 300
        assert (made.processed_bytes, stage.processed_bytes) == (300, 250)


def test_a_direct_count_is_a_report_for_what_remains(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stage, direct = counted_directly(100)
    now[0] += 10
    assert stage.remaining() == pytest.approx(90)
    now[0] += 10
    assert stage.remaining() == pytest.approx(80)  # no report since: it counts down
    direct.value = 200
    assert stage.remaining() == pytest.approx(80, abs=1)
