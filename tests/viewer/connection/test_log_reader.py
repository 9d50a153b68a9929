import pytest
from showcase import NOW, operation

from headway_viewer.connection.log_reader import (
    ANSWER_TIMEOUT,
    ARRIVAL_TIMEOUT,
    POLL_INTERVAL,
    REST_TIMEOUT,
    LogReader,
    Step,
)

OPEN = operation("7f3", "npm install")
OVER = operation("7f3", "npm install", "failed", ended=-1.0)
GOOD = operation("7f3", "npm install", "completed", ended=-1.0, exit_status=0)
LOOP = operation("7f3", "build.py: Compile", "completed", ended=-1.0)


def here(data=b"", offset=0, *, end=None, total=None, complete=False):
    end = offset + len(data) if end is None else end
    return {
        "found": "here",
        "offset": offset,
        "data": data,
        "end": end,
        "total": end if total is None else total,
        "complete": complete,
    }


def reader(follow=False):
    return LogReader(follow=follow, now=NOW)


def test_a_whole_log_is_read_to_its_end():
    log = reader()
    assert log.take(here(b"ab", end=4, complete=True), OVER, NOW) == Step(b"ab", None, 0.0)
    assert log.offset == 2
    assert log.take(here(b"cd", 2, complete=True), OVER, NOW) == Step(b"cd")


def test_that_nothing_was_printed_is_told():
    assert reader().take(here(complete=True), OVER, NOW) == Step(note="it printed nothing")


def test_what_is_gone_is_told_once_where_it_was():
    log = reader()
    step = log.take(here(b"ab", 3_200_000, end=3_300_000), OVER, NOW)
    assert step.note == "first 3.20 MB dropped"
    step = log.take(here(b"cd", 3_200_002, end=3_300_000), OVER, NOW)
    assert step.note is None
    step = log.take(here(b"ef", 3_299_998, complete=True), OVER, NOW)
    assert (step.note, step.wait) == ("100 kB dropped here", None)


def test_without_follow_it_stops_where_the_output_is_now():
    log = reader()
    assert log.take(here(b"ab", total=4), OPEN, NOW).wait == POLL_INTERVAL
    assert log.take(here(b"cd", 2), OPEN, NOW) == Step(b"cd")


def test_with_follow_it_goes_on_until_the_end():
    log = reader(follow=True)
    assert log.take(here(b"ab"), OPEN, NOW).wait == POLL_INTERVAL
    assert log.take(here(offset=2), OPEN, NOW + 500).wait == POLL_INTERVAL
    assert log.take(here(offset=2, complete=True), OVER, NOW + 500).wait is None


def test_an_end_that_does_not_arrive_is_told():
    log = reader(follow=True)
    log.take(here(b"ab"), OPEN, NOW)
    assert log.take(here(offset=2), OVER, NOW + 100).wait == POLL_INTERVAL
    step = log.take(here(offset=2), OVER, NOW + 100 + REST_TIMEOUT)
    assert (step.wait, step.note) == (None, "the end of its output did not arrive")


@pytest.mark.parametrize(
    ("found", "operation_now", "waited", "absent"),
    [
        ("asked", OPEN, 0.9 * ANSWER_TIMEOUT, None),
        ("asked", OPEN, ANSWER_TIMEOUT, "does not answer, or is an older version"),
        ("none", OPEN, 0.0, "keeps no output"),
        ("restarted", OVER, 0.0, "is not here: it ended before this broker heard of it"),
        ("unheard", OVER, 0.0, None),
        ("unheard", OVER, ARRIVAL_TIMEOUT, "was not kept"),
        ("unheard", LOOP, 0.0, None),
        ("unheard", LOOP, ARRIVAL_TIMEOUT, "it reports itself, and keeps no output"),
        ("unheard", GOOD, ARRIVAL_TIMEOUT, "was not kept: that of what fails or is cancelled is"),
        ("a word of a newer broker", OVER, ARRIVAL_TIMEOUT + ANSWER_TIMEOUT, "older version"),
    ],
)
def test_where_there_is_none_it_says_why_once_none_can_come(found, operation_now, waited, absent):
    log = reader()
    log.take({"found": found}, operation_now, NOW)
    step = log.take({"found": found}, operation_now, NOW + waited)
    assert (step.absent is None) == (absent is None)
    assert step.wait == (POLL_INTERVAL if absent is None else None)
    assert absent is None or absent in (step.absent or "")


@pytest.mark.parametrize(
    "result", [{}, {"found": "here"}, {"found": "here", "data": "text"}, here(b"x", -5, end=-1)]
)
def test_a_reply_that_is_not_as_it_should_be_does_no_harm(result):
    assert reader().take(result, OVER, NOW).data in (b"", b"x")
