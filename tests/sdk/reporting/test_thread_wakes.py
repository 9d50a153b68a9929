import os
import select

from headway.reporting.thread import ReportingThread


def readable(thread):
    return bool(select.select([thread.read], [], [], 0)[0])


def test_a_wake_that_comes_while_the_last_one_is_heard_is_not_the_last(monkeypatch):
    thread = ReportingThread(reporter=None)
    real = os.read

    def read(descriptor, size):
        thread.wake()  # another thread, just now
        return real(descriptor, size)

    thread.wake()
    monkeypatch.setattr(os, "read", read)
    thread.clear_wakeups()
    monkeypatch.undo()
    thread.wake()
    assert readable(thread)
    thread.close_pipe()


def test_many_wakes_are_one():
    thread = ReportingThread(reporter=None)
    for _ in range(100_000):
        thread.wake()
    thread.clear_wakeups()
    assert not readable(thread)
    thread.close_pipe()
