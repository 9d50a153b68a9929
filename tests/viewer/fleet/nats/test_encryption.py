"""What a server is told that offers no TLS, or leaves it to the client."""

import asyncio
import json
import socket
import threading

import pytest

from headway_viewer.fleet.nats import encryption
from headway_viewer.fleet.nats.nats_thread import Lost, NatsThread
from headway_viewer.fleet.server_access import Access


class Client:
    def __init__(self):
        self.read = []

    async def _process_info(self, info, initial_connection=False):
        self.read.append(info)

    def hear(self, info):
        asyncio.run(self._process_info(info, initial_connection=True))


def reads(*told):
    client = Client()
    encryption.demand(client)
    for info in told:
        client.hear(info)
    return client.read


def test_a_server_that_offers_tls_without_asking_for_it_is_spoken_to_by_tls():
    assert reads({"tls_available": True})[0]["tls_required"]
    assert reads({"tls_required": True}, {"connect_urls": []})[1:] == [{"connect_urls": []}]


def test_a_server_without_tls_is_read_no_further():
    with pytest.raises(encryption.NotEncrypted):
        reads({"auth_required": True})


def test_a_library_that_reads_it_elsewhere_is_not_used():
    with pytest.raises(AttributeError):
        encryption.demand(object())


@pytest.mark.parametrize(
    ("scheme", "files"), [("tls", {}), ("nats", {"authority": "ca.pem"})], ids=["tls", "--tls-ca"]
)
def test_neither_name_nor_password_are_told_where_tls_was_asked_for(scheme, files, monkeypatch):
    monkeypatch.setattr("ssl.create_default_context", lambda **_: "a context")
    listener = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                told = {"server_id": "x", "version": "2.9.10", "max_payload": 1 << 20}
                connection.sendall(b"INFO " + json.dumps(told).encode() + b"\r\n")
                heard.append(connection.recv(4096))

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    url = f"{scheme}://viewer:secret@127.0.0.1:{port}"
    thread = NatsThread(Access((url,), **files))
    lost = threading.Event()
    thread.wake = lost.set
    thread.start()
    try:
        assert lost.wait(10)
        event = thread.events[0]
        assert isinstance(event, Lost)
        assert event.refused
        assert "offers no TLS" in event.why, event.why
    finally:
        thread.close()
        listener.close()
    assert heard[:1] in ([], [b""]), heard
