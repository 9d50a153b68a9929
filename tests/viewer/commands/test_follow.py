import os
import signal
import time
from types import SimpleNamespace

import pytest
from showcase import NOW, operation, snapshot

from headway_viewer.commands import follow as following
from headway_viewer.commands.follow import Barred, follow, follow_broker
from headway_viewer.commands.selection import Selection
from headway_viewer.display.quiet import StartHint
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Replica


class Feed:
    """Hands out what stands in a script, one step a wait; the clock goes with the waits."""

    def __init__(self, *steps):
        self.replica = Replica()
        self.lines = []
        self.wake = None
        self.refused = None
        self.barred = False
        self._steps = list(steps)
        self._now = NOW
        self.rests = []

    def clock(self):
        return self._now

    def note(self):
        return self.refused

    def wait(self, timeout, *, rest):
        self.rests.append(rest)
        self._now += min(max(timeout, 0.01), 1.0)
        step = self._steps.pop(0) if self._steps else None
        if callable(step):
            step()
        elif step is not None:
            self.replica.fold(step, self._now)


class Display:
    throttled = False
    keyboard = None
    left = False

    def __init__(self):
        self.shown = []
        self.remark = ()
        self.pauses = 0

    def show(self, changes, note, local):
        self.shown.append(changes)
        return 1.0

    def pause(self):
        self.pauses += 1

    def finish(self, local, remark=None):
        self.remark = (remark,)


def followed(
    *steps, words=(), until_done=True, detaches=True, timeout=None, next_run_wait=0.0, **more
):
    feed, display = Feed(*steps), Display()
    board, selection = Board(feed.replica), Selection(list(words), next_run_wait)
    board.accepts = selection.accepts
    status = follow(
        feed,
        board,
        selection,
        display,
        until_done=until_done,
        detaches=detaches,
        timeout=timeout,
        **more,
    )
    return status, display


def test_news_can_wait_while_the_display_is_throttled():
    feed, display = Feed(snapshot([operation("a", "x")])), Display()
    board, selection = Board(feed.replica), Selection([])

    def show(changes, note, local):
        display.throttled = len(feed.rests) == 2
        return 0.1

    display.show = show
    follow(feed, board, selection, display, until_done=False, detaches=True, timeout=0.5)
    assert feed.rests[:4] == [False, False, True, False]


def test_it_is_over_when_the_last_one_has_ended():
    running = snapshot([operation("a", "x")])
    ended = snapshot([operation("a", "x", "failed", ended=0.0)], sequence=2)
    status, display = followed(running, None, ended)
    assert status == 1
    assert display.remark == (None,)


def test_what_begins_right_after_an_end_is_waited_for():
    ended = operation("a", "x", "completed", ended=0.0)
    steps = (
        snapshot([ended]),
        snapshot([ended, operation("b", "y")], sequence=2),
        None,
        None,
        snapshot([ended, operation("b", "y", "cancelled", ended=0.0)], sequence=3),
    )
    assert followed(*steps)[0] == 130


@pytest.mark.parametrize(("steps", "status"), [((), 4), ((snapshot([operation("a", "x")]),), 124)])
def test_time_is_up(steps, status):
    assert followed(*steps, timeout=5.0)[0] == status


@pytest.mark.parametrize(
    ("number", "detaches", "status"),
    [
        (signal.SIGINT, True, 0),
        (signal.SIGINT, False, 130),
        (signal.SIGTERM, True, 143),
        (signal.SIGHUP, True, 129),
    ],
)
def test_a_signal_ends_it(number, detaches, status):
    step = lambda: os.kill(os.getpid(), number)  # noqa: E731
    found, display = followed(
        snapshot([operation("a", "x")]), step, detaches=detaches, until_done=False
    )
    assert found == status
    assert (display.remark[0] is not None) == detaches


def test_signals_are_handled_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT)
    followed(timeout=1.0)
    assert signal.getsignal(signal.SIGINT) is before


def test_what_has_not_begun_is_said_once_beside_a_display():
    said = []
    hint = StartHint(lambda: "waiting for 'x' to begin", said.append)
    begun = snapshot([operation("b", "y")])
    status, _ = followed(None, begun, words=["x"], hint=hint, timeout=9.0)
    assert (status, said) == (4, ["waiting for 'x' to begin"])


def test_only_the_named_are_shown_and_counted():
    steps = (
        snapshot([operation("a", "x"), operation("b", "y")]),
        snapshot([operation("a", "x", "completed", ended=0.0), operation("b", "y")], sequence=2),
    )
    assert followed(*steps, words=["x"])[0] == 0


def test_a_run_that_is_about_to_begin_is_meant_rather_than_an_earlier_one():
    earlier = operation("a", "x", "failed", ended=-60.0)
    begun = snapshot([earlier, operation("b", "x")], sequence=2)
    ended = snapshot([earlier, operation("b", "x", "completed", ended=0.0)], sequence=3)
    status, display = followed(
        snapshot([earlier]), begun, None, ended, words=["x"], next_run_wait=9.0
    )
    assert status == 0
    assert {name for shown in display.shown for name in shown.operations} == {"a", "b"}


def test_an_earlier_run_is_shown_when_no_other_has_begun():
    earlier = operation("a", "x", "failed", ended=-60.0)
    status, display = followed(snapshot([earlier]), words=["x"], next_run_wait=3.0)
    assert status == 1
    assert [shown.operations for shown in display.shown if shown.operations][-1] == ["a"]


def test_it_is_over_as_soon_as_nobody_reads():
    read, write = os.pipe()
    with pytest.raises(BrokenPipeError):
        followed(None, lambda: os.close(read), until_done=False, output=write)
    os.close(write)


def test_whatever_goes_wrong_the_terminal_is_given_back():
    def fail():
        raise BrokenPipeError

    feed, display = Feed(fail), Display()
    board = Board(feed.replica)
    with pytest.raises(BrokenPipeError):
        follow(feed, board, Selection([]), display, until_done=False, detaches=True)
    assert display.pauses == 1


@pytest.mark.parametrize("until_done", [False, True])
def test_who_waits_for_an_end_stops_where_the_broker_takes_nothing_of_this_viewer(until_done):
    def refuse():
        feed.refused, feed.barred = "another version", True

    feed, display = Feed(refuse, None, lambda: os.kill(os.getpid(), signal.SIGTERM)), Display()
    board, selection = Board(feed.replica), Selection([])
    if until_done:
        with pytest.raises(Barred, match="another version"):
            follow(feed, board, selection, display, until_done=True, detaches=True)
        assert not display.shown  # the one line is the error
    else:
        status = follow(feed, board, selection, display, until_done=False, detaches=True)
        assert status == 128 + signal.SIGTERM


def test_a_key_to_leave_ends_it_as_ctrl_c_does():
    feed, display = Feed(snapshot([operation("a", "x")])), Display()
    board, selection = Board(feed.replica), Selection([])

    def show(changes, note, local):
        display.left = True
        return 100.0

    display.show = show
    assert follow(feed, board, selection, display, until_done=False, detaches=True) == 0
    assert "detached; it goes on" in display.remark[0]


@pytest.mark.parametrize(
    ("words", "chosen", "screen"),
    [
        ([], {"screen": True}, True),
        ([], {}, False),
        (["Build"], {"screen": True}, False),
        ([], {"screen": True, "labels": [("run", "42")]}, False),
    ],
)
def test_who_selects_nothing_is_sent_what_a_screen_can_show(monkeypatch, words, chosen, screen):
    asked = []

    def feed(_replica, *, start, screen):
        asked.append((start, screen))
        raise OSError("no more of this")

    monkeypatch.setattr(following, "following_feed", feed)
    options = {"until_done": False, "detaches": True, "timeout": None, "start": True}
    assert follow_broker("view", words, None, **options, **chosen) == 1
    assert asked == [(True, screen)]


@pytest.mark.parametrize(
    ("leader", "earlier"),
    [(600.0, following.LINE_BEFORE), (5.5, 0.5), (0.0, following.LINE_BEFORE)],
)
def test_what_ended_before_the_session_began_was_anothers(monkeypatch, leader, earlier):
    ages = {None: 5.0}
    monkeypatch.setattr(following, "seconds_since_start", lambda pid=None: ages.get(pid, leader))
    replica = SimpleNamespace(time=lambda local: local)
    session = SimpleNamespace(includes=lambda operation: operation == "ours")
    since = following.ends_seen(replica, session)
    assert since("ours") == pytest.approx(time.monotonic() - 5.0 - earlier, abs=0.4)
    assert since("another's") - since("ours") == pytest.approx(earlier)
