import time

import pytest

from progress_tracker import ProgressStage, StageStatus
from progress_tracker.remaining import remaining


def stage(status=StageStatus.PENDING, took=None, progress=0.0, total=None, done=0):
    made = ProgressStage("x", status=status, progress=progress, total_bytes=total)
    made.processed_bytes = done
    if took is not None:
        now = time.time()
        made.start_time = now - took
        made.end_time = now if made.is_complete else None
    return made


def completed(took, **counts):
    return stage(StageStatus.COMPLETED, took, 1.0, **counts)


def running(took, progress=0.0, **counts):
    return stage(StageStatus.IN_PROGRESS, took, progress, **counts)


def test_nothing_is_known_without_stages_or_before_any_has_shown_anything():
    assert remaining([]) is None
    assert remaining([stage(), stage()]) is None
    assert remaining([running(5), stage()]) is None


def test_a_running_stage_is_taken_at_its_own_pace():
    assert remaining([running(10, 0.5)]) == pytest.approx(10, abs=0.1)
    assert remaining([running(10, 0.25)]) == pytest.approx(30, abs=0.3)


def test_a_stage_to_come_takes_as_long_as_the_others_did():
    assert remaining([completed(10), stage(), stage()]) == pytest.approx(20, abs=0.1)
    assert remaining([running(10, 0.5), stage()]) == pytest.approx(30, abs=0.3)


def test_failed_and_cancelled_stages_are_not_remaining():
    failed, cancelled = stage(StageStatus.FAILED, 30), stage(StageStatus.CANCELLED, 30)
    assert remaining([completed(10), failed, cancelled, stage()]) == pytest.approx(10, abs=0.1)
    assert remaining([completed(10), failed]) == 0.0


def test_stages_of_known_size_are_taken_at_the_throughput():
    stages = [completed(10, total=1000, done=1000), stage(total=4000)]
    assert remaining(stages) == pytest.approx(40, abs=0.4)


def test_a_large_download_does_not_weigh_as_a_stage_without_a_size():
    stages = [running(100, 0.5, total=10**9, done=5 * 10**8), stage()]
    assert 100 < remaining(stages) < 110
    stages = [completed(600, total=10**9, done=10**9), completed(4), stage()]
    assert remaining(stages) == pytest.approx(4, abs=0.1)


def test_stages_side_by_side_are_charged_once():
    stages = [running(10, 0.5), running(10, 0.5), running(10, 0.5)]
    assert remaining(stages) == pytest.approx(10, abs=0.1)
    assert remaining([*stages, *(stage() for _ in range(3))]) == pytest.approx(30, abs=0.3)


def test_a_running_stage_that_reports_nothing_ticks():
    earlier = completed(10)
    assert remaining([earlier, running(0.0)]) == pytest.approx(10, abs=0.1)
    assert remaining([earlier, running(4.0)]) == pytest.approx(6, abs=0.1)
    assert 0 < remaining([earlier, running(400.0)]) < 10


def test_it_is_never_negative():
    ahead = ProgressStage("x", status=StageStatus.IN_PROGRESS, progress=0.5)
    ahead.start_time = time.time() + 100
    assert remaining([ahead, stage()]) >= 0


def test_a_stage_that_was_completed_without_a_start_does_not_halve_the_mean():
    never = stage(StageStatus.COMPLETED, None, 1.0)
    never.end_time = time.time()
    assert remaining([completed(10), never, stage()]) == pytest.approx(10, abs=0.1)
    assert remaining([never, stage()]) is None


def test_a_known_download_at_an_unknown_rate_is_never_taken_as_nothing():
    assert remaining([completed(0.01), stage(total=10**9)]) is None
    assert remaining([completed(0.01), running(30, total=10**9)]) is None
    assert remaining([completed(10), stage(total=10**9)]) == pytest.approx(10, abs=0.1)
