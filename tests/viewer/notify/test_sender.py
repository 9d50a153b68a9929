import threading
import time

from machine import until

from headway_viewer.notify import sender as module
from headway_viewer.notify.notice import Notice
from headway_viewer.notify.sender import MAX_FAILURES, QUEUE_SIZE, Sender


def notice(number):
    return Notice(f"key {number}", "failed", f"title {number}", "body", "body")


class Channel:
    """Delivers by a function of the title."""

    def __init__(self, deliver, gives_up=True):
        self.gives_up = gives_up
        self.kind = ""
        self._deliver = deliver

    def deliver(self, notice):
        self._deliver(notice.title)


def test_what_is_offered_is_raised_in_order():
    raised = []
    sender = Sender(Channel(raised.append))
    assert all(sender.offer(notice(number)) for number in range(5))
    until(lambda: len(raised) == 5)
    assert raised == [f"title {number}" for number in range(5)]


def test_a_desktop_that_hangs_holds_nobody_and_memory_is_bounded(monkeypatch):
    release = threading.Event()
    raised = []

    def hang(title):
        release.wait(30)
        raised.append(title)

    sender = Sender(Channel(hang))
    before = time.monotonic()
    taken = sum(sender.offer(notice(number)) for number in range(1000))
    assert time.monotonic() - before < 1
    assert QUEUE_SIZE <= taken <= QUEUE_SIZE + 1
    assert sender.dropped == 1000 - taken
    assert sender.busy
    assert not sender.stuck
    monkeypatch.setattr(module, "STUCK_AFTER", 0.0)
    until(lambda: sender.stuck)
    release.set()
    until(lambda: len(raised) == taken)
    until(lambda: not sender.busy)


def test_what_it_fails_to_tell_it_is_given_once_more(monkeypatch):
    monkeypatch.setattr(module, "RETRY_AFTER", 0.0)
    outcomes, told, lost = [OSError("away"), None, OSError("gone"), OSError("gone")], [], []

    def sometimes(_title):
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    sender = Sender(Channel(sometimes), sent=told.append, failed=lambda one, why: lost.append(one))
    sender.offer(notice(1))
    until(lambda: told == [notice(1)])
    sender.offer(notice(2))
    until(lambda: lost == [notice(2)])
    assert outcomes == []


def test_three_failures_in_a_row_end_it_and_each_is_told(monkeypatch):
    monkeypatch.setattr(module, "RETRY_AFTER", 0.0)
    complaints = []

    def fail(_title):
        raise OSError("no desktop")

    sender = Sender(Channel(fail), failed=lambda given, why: complaints.append((given.title, why)))
    for number in range(MAX_FAILURES + 2):
        sender.offer(notice(number))
    until(lambda: sender.broken is not None)
    until(lambda: len(complaints) == MAX_FAILURES)
    assert sender.broken == "no desktop"
    assert complaints[0] == ("title 0", "no desktop")
    assert not sender.offer(notice(9))


def test_one_success_forgives_earlier_failures():
    outcomes = iter([OSError, OSError, None] * 3)
    done = []

    def sometimes(title):
        outcome = next(outcomes)
        done.append(title)
        if outcome is not None:
            raise outcome

    sender = Sender(Channel(sometimes))
    for number in range(9):
        sender.offer(notice(number))
    until(lambda: len(done) == 9)
    assert sender.broken is None


def test_a_channel_that_may_come_back_is_tried_for_ever():
    tried = []

    def fail(title):
        tried.append(title)
        raise ValueError("no answer")

    complaints = []
    sender = Sender(Channel(fail, gives_up=False), failed=lambda _n, why: complaints.append(why))
    for number in range(MAX_FAILURES + 2):
        sender.offer(notice(number))
    until(lambda: len(complaints) == MAX_FAILURES + 2)
    assert sender.broken is None
    assert complaints[0] == "ValueError: no answer"
