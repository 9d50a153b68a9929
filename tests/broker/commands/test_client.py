"""One question and its answer, against a socket that answers what a test wants."""

import os
import tempfile
import threading

import pytest
import zmq

from headway.protocol import messages
from headway.protocol.wire import decode, encode
from headway_broker.commands import client


@pytest.fixture
def directory():
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        yield directory


class Answering:
    """A ROUTER that says `answers` to the first request."""

    def __init__(self, directory, answers):
        self.path = os.path.join(directory, "report.sock")
        self.answers = answers
        self.heard = []
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(f"ipc://{self.path}")
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while len(self.heard) < 2:
            identity, frame = self.socket.recv_multipart()
            self.heard.append(decode(frame, messages.INBOUND))
        for answer in self.answers:
            self.socket.send_multipart([identity, answer])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.context.destroy(linger=500)


def test_a_reply_is_found_among_what_else_is_said(directory):
    reply = messages.Reply(1, {"pid": 5}, None)
    said = [
        b"\xc1",
        encode(messages.Watched(True)),
        encode(messages.Reply(9, {}, None)),
        encode(reply),
    ]
    with Answering(directory, said) as broker:
        assert client.ask(broker.path, "status", {}) == reply
    hello, request = broker.heard
    assert (hello.role, hello.about["pid"]) == ("viewer", os.getpid())
    assert request == messages.Request(1, "status", {})


def test_a_refusal_is_told(directory):
    answering = Answering(directory, [encode(messages.Refuse("user", {"uid": 5}))])
    with answering as broker, pytest.raises(client.NoBroker) as found:
        client.ask(broker.path, "status", {})
    found.match("refuses: user")


def test_a_broker_that_does_not_answer_is_not_waited_for_forever(directory):
    with Answering(directory, []) as broker, pytest.raises(client.NoBroker) as found:
        client.ask(broker.path, "status", {}, 0.2)
    found.match("does not answer")


def test_without_a_listener_there_is_no_broker(directory):
    with pytest.raises(client.NoBroker, match="no broker is running"):
        client.socket_of({"HEADWAY_RUNTIME_DIR": directory}, os.getuid())
    with open(os.path.join(directory, "report.sock"), "w"):
        pass
    with pytest.raises(client.NoBroker):
        client.socket_of({"HEADWAY_RUNTIME_DIR": directory}, os.getuid())
