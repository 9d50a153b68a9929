"""Why progress went back, from what a replica is sent."""

import pytest
from showcase import INSTANCE, NOW, board_of, operation, replica_of, snapshot, stage

from headway.formatting import theme
from headway.protocol.messages import Delta, Snapshot
from headway_viewer.picture.view import View
from headway_viewer.replica.setbacks import SHOWN_FOR

THEME = theme.make(ascii_only=False, coloured=False)


def download(done=50e6, total=100e6, unit="B", **fields):
    made = operation("a" * 12, "get", **fields)
    stage(made, "Download", done=done, total=total, unit=unit)
    return made


def counted(replica, value, sequence=2, now=NOW):
    row = ["a" * 12, None, [], {1: value}, None, {}, {}]
    replica.fold(Delta(INSTANCE, sequence, now, [row]), now)


def weighed(replica, progress, *stages, sequence=2, now=NOW, usual=None, estimate=None, stops=()):
    figures = [progress, estimate, None, None, False, None, None, None, stops, usual]
    row = ["a" * 12, None, [made.record() for made in stages], {}, figures, {}, {}]
    replica.fold(Delta(INSTANCE, sequence, now, [row]), now)


def told(replica, now=NOW):
    setback = replica.setbacks.of("a" * 12, now)
    return None if setback is None else setback.text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([50e6, 200e6, None], "total grew from 100 MB"),
        ([50e6, 100.5e6, None], None),  # nobody sees that
        ([50e6, 80e6, None], None),
        ([50e6, None, None], None),
        (20e6, "went back from 50 MB"),
        (49.9e6, None),
        (60e6, None),
        ([90e6, 200e6, None], "total grew from 100 MB"),
        ([150e6, 200e6, None], None),  # it is further all the same
    ],
)
def test_what_made_a_bar_go_back_is_told(value, words):
    replica = replica_of(download())
    counted(replica, value)
    assert told(replica) == words


def test_a_total_that_grows_on_and_on_is_told_of_as_it_was_first():
    replica = replica_of(download())
    for number in range(1, 20):
        counted(replica, [50e6, 100e6 + number * 10e6, None], sequence=1 + number, now=NOW + number)
    assert told(replica, NOW + 20) == "total grew from 100 MB"
    assert told(replica, NOW + 19 + SHOWN_FOR + 0.1) is None


def test_a_total_that_grows_in_small_steps_is_told_of_once_they_are_seen():
    replica = replica_of(download())
    for number in range(1, 8):
        counted(replica, [50e6, 100e6 + number * 1e6, None], sequence=1 + number)
        assert told(replica) == ("total grew from 100 MB" if number >= 5 else None)


def test_an_attempt_that_starts_anew_is_no_setback():
    made = download()
    replica = replica_of(made)
    part = made.stages[1]
    part.attempt, part.done = 2, 0
    row = [made.id, None, [part.record()], {}, None, {}, {}]
    replica.fold(Delta(INSTANCE, 2, NOW, [row]), NOW)
    assert told(replica) is None


def test_stages_that_come_late_are_told_of_where_they_set_the_whole_back():
    made = download(progress=0.5)
    replica = replica_of(made)
    weighed(replica, 0.3, stage(made, "Unpack", "pending", started=None))
    assert told(replica) == "a stage was added"


@pytest.mark.parametrize(
    ("usual", "left", "words"),
    [
        ((40.0, 30.0, 50.0, 3), 60.0, "takes longer than expected"),
        ((40.0, 30.0, 50.0, 3), 1.0, None),  # it will be as fast as before
        (None, 60.0, None),
    ],
)
def test_a_whole_that_is_weighed_anew_takes_longer_than_earlier_runs_let_expect(usual, left, words):
    made = download(progress=0.5)
    made.started = NOW - 10
    replica = replica_of(made)
    estimate = (left / 2, left, left * 2, "work", 3)
    weighed(replica, 0.47, usual=usual, estimate=estimate)
    assert told(replica) is None
    weighed(replica, 0.4, sequence=3, usual=usual, estimate=estimate)
    assert told(replica) == words


def test_time_in_which_it_was_stopped_makes_it_no_later_than_expected():
    made = download(progress=0.5)
    made.started = NOW - 100
    replica = replica_of(made)
    told_of = {"usual": (40.0, 30.0, 50.0, 3), "estimate": (20.0, 30.0, 35.0, "work", 3)}
    stops = ((NOW - 95.0, NOW - 5.0),)
    weighed(replica, 0.47, stops=stops, **told_of)
    weighed(replica, 0.4, sequence=3, stops=stops, **told_of)
    assert told(replica) is None


def test_it_stands_beside_the_stage_that_went_back():
    made = download(progress=0.5)
    stage(made, "Check", done=3, total=9)
    board = board_of(made)
    counted(board.replica, [50e6, 200e6, None])
    lines = [THEME.paint(line) for line in View(board, THEME).picture(100, 10, NOW)]
    assert lines[2].strip().startswith("Download ")
    assert lines[2].endswith(", total grew from 100 MB")
    assert "grew" not in lines[3]


def test_a_loop_says_it_below_its_row():
    board = board_of(download())
    counted(board.replica, [50e6, 200e6, None])
    lines = [THEME.paint(line) for line in View(board, THEME).picture(80, 10, NOW)]
    assert lines[2].strip() == "Download, total grew from 100 MB"


def test_an_operation_that_a_snapshot_no_longer_has_is_forgotten():
    replica = replica_of(download())
    counted(replica, [50e6, 200e6, None])
    assert told(replica) is not None
    replica.connection_lost()
    replica.fold(Snapshot(INSTANCE, 7, NOW, 1.7e9, 0, 1, []), NOW)
    assert replica.operations == {}
    assert told(replica) is None
    replica.fold(snapshot([download(total=300e6)], sequence=8), NOW)
    counted(replica, [50e6, 400e6, None], sequence=9)
    assert told(replica) == "total grew from 300 MB"  # not from what it was before
