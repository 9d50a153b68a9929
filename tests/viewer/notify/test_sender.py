import threading
import time

from machine import until

from headway_viewer.notify import sender as module
from headway_viewer.notify.policy import Notice
from headway_viewer.notify.sender import MAX_FAILURES, QUEUE_SIZE, Sender


def notice(number):
    return Notice(f"key {number}", f"title {number}", "body")


def test_what_is_offered_is_raised_in_order():
    raised = []
    sender = Sender(lambda title, _body: raised.append(title))
    assert all(sender.offer(notice(number)) for number in range(5))
    until(lambda: len(raised) == 5)
    assert raised == [f"title {number}" for number in range(5)]


def test_a_desktop_that_hangs_holds_nobody_and_memory_is_bounded(monkeypatch):
    release = threading.Event()
    raised = []

    def hang(title, _body):
        release.wait(30)
        raised.append(title)

    sender = Sender(hang)
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


def test_three_failures_in_a_row_end_it_and_each_is_told():
    complaints = []

    def fail(_title, _body):
        raise OSError("no desktop")

    sender = Sender(fail, failed=lambda given, why: complaints.append((given.title, why)))
    for number in range(MAX_FAILURES + 2):
        sender.offer(notice(number))
    until(lambda: sender.broken is not None)
    until(lambda: len(complaints) == MAX_FAILURES)
    assert sender.broken == "OSError: no desktop"
    assert complaints[0] == ("title 0", "OSError: no desktop")
    assert not sender.offer(notice(9))


def test_one_success_forgives_earlier_failures():
    outcomes = iter([OSError, OSError, None] * 3)
    done = []

    def sometimes(title, _body):
        outcome = next(outcomes)
        done.append(title)
        if outcome is not None:
            raise outcome

    sender = Sender(sometimes)
    for number in range(9):
        sender.offer(notice(number))
    until(lambda: len(done) == 9)
    assert sender.broken is None
