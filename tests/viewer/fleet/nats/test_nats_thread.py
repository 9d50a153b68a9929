"""Events of the thread that talks to a server, handed to the loop of a command."""

import asyncio
import logging
import os
import select

from headway_viewer.fleet.nats import nats_thread
from headway_viewer.fleet.nats.nats_thread import NatsThread
from headway_viewer.fleet.server_access import Access


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


class Client:
    async def close(self):
        pass


class Cluster(NatsThread):
    """Of its servers, those in `serving` give a connection."""

    def __init__(self, urls, serving=()):
        super().__init__(Access(urls))
        self.serving = serving

    async def _connect(self, url, lost):
        if url not in self.serving:
            raise ConnectionRefusedError("Connect call failed")
        return Client()

    async def session(self, client):
        self.tell(self.server)
        await asyncio.Event().wait()


def first_events(thread):
    thread.start()
    try:
        assert select.select([thread.descriptor], [], [], 10)[0]
        return thread.take()
    finally:
        thread.close()


def test_a_server_that_refuses_is_passed_over_for_one_that_serves():
    cluster = Cluster(("nats://a", "nats://b", "nats://c"), serving=("nats://c",))
    assert first_events(cluster) == ["nats://c"]


def test_that_no_server_serves_is_told_once_with_each_reason():
    lost = first_events(Cluster(("nats://a", "nats://b")))
    assert [event.refused for event in lost] == [True]
    assert lost[0].why.count("nothing listens at") == 2


def test_what_asyncio_logs_of_connections_is_not_printed(monkeypatch, capsys):
    asyncios = logging.getLogger("asyncio")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(asyncios, "handlers", [])
    first_events(Cluster(("nats://a",)))
    asyncios.warning("returning true from eof_received() has no effect when using ssl")
    assert capsys.readouterr().err == ""
