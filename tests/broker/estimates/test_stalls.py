"""When counts are said to stand still."""

import pytest

from headway.model import Operation, Stage
from headway_broker.estimates.stalls import MIN_STALL, Pace


def counting(total=100):
    operation = Operation("op", "op")
    operation.stages[1] = Stage(1, "work", total=total)
    operation.move("running", 0.0)
    operation.stages[1].move("running", 0.0)
    return operation


def paced(operation, every, changes=10):
    """A pace that has seen the count move so often; the time of the last change."""
    pace = Pace(0.0)
    now = 0.0
    for _ in range(changes):
        now += every
        operation.stages[1].done += 1
        assert pace.stalled_since(operation, now) is None
    return pace, now


@pytest.mark.parametrize(
    ("every", "told_after"), [(0.1, MIN_STALL), (1.0, MIN_STALL), (30.0, 240.0)]
)
def test_a_stall_is_told_by_the_pace_of_the_count(every, told_after):
    operation = counting()
    pace, now = paced(operation, every)
    assert pace.stalled_since(operation, now + 0.8 * told_after) is None
    assert pace.stalled_since(operation, now + 1.3 * told_after) == now


def test_the_next_count_ends_it():
    operation = counting()
    pace, now = paced(operation, 0.5)
    assert pace.stalled_since(operation, now + 60) == now
    operation.stages[1].done += 1
    assert pace.stalled_since(operation, now + 61) is None
    assert pace.stalled_since(operation, now + 62) is None


def test_a_count_without_a_pace_never_stalls():
    operation = counting()
    pace, now = paced(operation, 0.5, changes=2)
    assert pace.stalled_since(operation, now + 3600) is None


def test_what_waits_does_not_stall_and_waiting_is_no_part_of_the_pace():
    operation = counting()
    pace, now = paced(operation, 0.5)
    operation.stages[1].move("waiting", now, "the dpkg lock")
    assert pace.stalled_since(operation, now + 600) is None
    operation.stages[1].move("running", now + 600)
    operation.stages[1].done += 1
    assert pace.stalled_since(operation, now + 601) is None
    assert pace.stalled_since(operation, now + 640) == now + 601


def test_work_that_is_not_counted_does_not_stall():
    operation = counting()
    pace, now = paced(operation, 0.5)
    operation.stages[1].move("completed", now)
    operation.stages[2] = Stage(2, "link")
    operation.stages[2].move("running", now)
    assert pace.stalled_since(operation, now) is None
    assert pace.stalled_since(operation, now + 600) is None


def test_what_was_silent_did_not_stall():
    operation = counting()
    pace, now = paced(operation, 0.5)
    operation.silent_since = now
    assert pace.stalled_since(operation, now + 60) is None
    operation.silent_since = None
    assert pace.stalled_since(operation, now + 61) is None


def test_a_process_that_is_stopped_does_not_stall():
    operation = counting()
    pace, now = paced(operation, 0.5)
    operation.stops = ((now, None),)
    assert pace.stalled_since(operation, now + 100) is None
