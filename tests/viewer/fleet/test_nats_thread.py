"""Events of the thread that talks to a server, handed to the loop of a command."""

import os
import select

from headway_viewer.fleet import nats_thread
from headway_viewer.fleet.nats_thread import NatsThread


def test_an_event_that_comes_while_others_are_taken_wakes_who_waits(monkeypatch):
    pair, read = os.pipe(), os.read
    with monkeypatch.context() as patch:
        patch.setattr(nats_thread.os, "pipe", lambda: pair)
        thread = NatsThread(None)

    def read_late(descriptor, size):
        thread.tell("second")
        return read(descriptor, size)

    try:
        thread.tell("first")
        with monkeypatch.context() as patch:
            patch.setattr(nats_thread.os, "read", read_late)
            taken = thread.take()
        thread.tell("third")
        assert select.select([thread.descriptor], [], [], 0)[0]
        assert taken + thread.take() == ["first", "second", "third"]
    finally:
        for end in pair:
            os.close(end)
