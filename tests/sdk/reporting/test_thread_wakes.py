import os
import select

from headway.reporting import thread as module
from headway.reporting.thread import Link


def readable(link):
    return bool(select.select([link.read], [], [], 0)[0])


def test_a_wake_that_comes_while_the_last_one_is_heard_is_not_the_last(monkeypatch):
    link = Link(home=None)
    real = os.read

    def read(descriptor, size):
        link.wake()  # another thread, just now
        return real(descriptor, size)

    link.wake()
    monkeypatch.setattr(module.os, "read", read)
    link.hear()
    monkeypatch.undo()
    link.wake()
    assert readable(link)
    link.close_pipe()


def test_many_wakes_are_one():
    link = Link(home=None)
    for _ in range(100_000):
        link.wake()
    link.hear()
    assert not readable(link)
    link.close_pipe()
