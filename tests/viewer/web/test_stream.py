"""What all pages follow together: when they are sent what has changed, and which operations."""

import json
import os
import select
import threading
import time

import pytest
from machine import until
from showcase import operation
from told_feed import ToldFeed

from headway_viewer.web import stream
from headway_viewer.web.stream import FRAME, LONGEST_WAIT, PATIENCE, Follower, Stream


class Feed(ToldFeed):
    """Time passes while it waits for more."""

    def __init__(self, *operations):
        super().__init__(*operations)
        self.waited = []
        self.closed = 0
        self.wake = None

    def wait(self, timeout, *, rest=False):
        self.waited.append((round(timeout, 3), rest))
        self.now += timeout if rest else 0.0
        came = super().wait(timeout, rest=rest)
        if self.wake is not None and not came:  # as a real one does, it waits
            select.select([self.wake], [], [], 0.05)
        return came

    def close(self):
        self.closed += 1


@pytest.fixture
def feed(monkeypatch):
    made = Feed(operation("one", "tests"))
    monkeypatch.setattr(stream, "following_feed", lambda replica: made)
    monkeypatch.setattr(stream, "Replica", lambda: made.replica)
    return made


@pytest.fixture
def follower(feed, wake):
    return Follower(None, (), wake)


@pytest.fixture
def wake():
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    yield woken
    os.close(woken)
    os.close(wake)


def ids(frame):
    return [one["id"] for one in json.loads(frame.snapshot)["operations"]]


def test_the_error_of_a_command_that_broke_is_what_it_printed_last(feed, follower):
    tail = ["step 1", "fatal: disk is full", ""]
    error = "exit status 2"
    broken = operation("two", "make", "failed", exit_status=2, error=error, tail=tail)
    feed.tell(broken, operation("three", "true", "completed", tail=tail))
    follower.wait()
    told = json.loads(follower.collect(whole=True).snapshot)["operations"]
    errors = {one["id"]: one["error"] for one in told}
    assert errors == {"two": "fatal: disk is full", "three": None}


def test_a_change_after_a_pause_is_sent_at_once_and_the_next_a_frame_later(feed, follower):
    follower.wait()
    assert follower.collect(whole=False).fresh
    assert feed.waited == [(LONGEST_WAIT, False)]
    feed.waited.clear()
    feed.now += FRAME / 4
    feed.tell(operation("two", "tests"))
    follower.wait()
    assert feed.waited == [(LONGEST_WAIT, False), (round(FRAME * 3 / 4, 3), True)]


def test_a_connection_is_given_a_moment_before_it_is_told_to_be_missing(feed, follower):
    feed.connected = False
    assert follower.collect(whole=True).note == ""
    feed.now += PATIENCE
    assert follower.collect(whole=True).note == "waiting for the broker"


def test_who_comes_later_is_sent_all_and_who_is_there_what_changes(feed, follower):
    follower.wait()
    follower.collect(whole=True)
    nothing = follower.collect(whole=False)
    assert (nothing.lines, nothing.snapshot, nothing.note) == ([], None, "")
    assert ids(follower.collect(whole=True)) == ["one"]
    feed.connected = False
    assert follower.collect(whole=False).note == "waiting for the broker"


def test_the_first_that_go_on_come_at_once_and_the_others_one_by_one(feed, wake, monkeypatch):
    monkeypatch.setattr(stream, "FIRST", 2)
    late = operation("late", "tests")
    late.started += 1
    ended = operation("ended", "tests")
    ended.move("completed", late.started + 1)
    feed.tell(ended, late, operation("one", "tests"))
    follower = Follower(None, (), wake)
    follower.wait()
    frame = follower.collect(whole=True)
    assert ids(frame) == ["one", "late"]
    assert json.loads(frame.snapshot)["others"] == ["ended"]
    page = stream.PageEvents(lambda: None)
    frame.distribute([page])
    told = [json.loads(text) for _, text in page.take()]
    assert [line["type"] for line in told] == ["snapshot", "operation"]
    assert told[1]["operation"]["id"] == "ended"


def test_with_labels_those_alone_are_told_that_have_them_and_their_parts(feed, wake):
    mine, other = operation("mine", "tests"), operation("other", "tests")
    mine.labels, other.labels = {"run": "42", "by": "ann"}, {"run": "43"}
    inside = operation("inside", "unit tests")
    inside.parent = "mine/1"
    feed.tell(mine, other, inside)
    follower = Follower(None, [("run", "42")], wake)
    follower.wait()
    assert ids(follower.collect(whole=True)) == ["mine", "inside"]
    late = operation("late", "tests")
    late.labels = {"run": "42"}
    feed.tell(other, late)
    follower.wait()
    assert ids(follower.collect(whole=False)) == ["late"]


def test_with_labels_parts_that_were_known_before_are_told_with_what_they_are_in(feed, wake):
    inside = operation("inside", "unit tests", parent="mine/1")
    feed.tell(inside)
    follower = Follower(None, [("run", "42")], wake)
    follower.wait()
    assert ids(follower.collect(whole=True)) == []
    mine = operation("mine", "tests", labels={"run": "42"})
    feed.replica.set_clocks(feed.now, feed.now, [mine])
    lines = follower.collect(whole=False).lines
    assert [json.loads(line)["operation"]["id"] for _, line in lines] == ["mine", "inside"]
    assert ids(follower.collect(whole=True)) == ["inside", "mine"]


def test_where_no_thread_can_be_started_the_next_page_tries_again(feed, monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    shared = Stream()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError):
            shared.join(lambda: None)
    page = shared.join(lambda: None)
    until(lambda: shared.take(page), "a snapshot")
    shared.leave(page)


def test_all_pages_share_one_connection_which_ends_with_the_last(feed):
    shared = Stream()
    first, second = shared.join(lambda: None), shared.join(lambda: None)
    for page in (first, second):
        until(lambda one=page: shared.take(one), "a snapshot")
    shared.leave(first)
    assert not feed.closed
    shared.leave(second)
    until(lambda: feed.closed == 1, "the end of the connection")


def test_after_a_fault_it_says_so_and_follows_again(feed, monkeypatch):
    faults = [OSError("no more descriptors")]

    def following(replica):
        if faults:
            raise faults.pop()
        return feed

    monkeypatch.setattr(stream, "following_feed", following)
    monkeypatch.setattr(stream, "RETRY", 0.0)
    shared, told = Stream(), []
    page = shared.join(lambda: None)
    until(lambda: told.extend(shared.take(page)) or ("note", "") in told, "no note any more")
    shared.leave(page)
    assert [name for name, _ in told[-2:]] == ["line", "note"], "all that there is, and the end"


def test_while_nothing_is_reached_it_is_not_tried_without_a_pause(monkeypatch):
    attempts = []

    def following(replica):
        attempts.append(time.monotonic())
        raise OSError("no more descriptors")

    monkeypatch.setattr(stream, "following_feed", following)
    monkeypatch.setattr(stream, "RETRY", 0.2)
    shared = Stream()
    page = shared.join(lambda: None)
    until(lambda: len(attempts) >= 3, "a third attempt")
    shared.leave(page)
    assert attempts[2] - attempts[0] > 0.19, "who came ended the first pause alone"
