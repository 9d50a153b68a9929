"""The socket on which a command tells what it would tell systemd."""

from __future__ import annotations

import os
import socket
import stat

import pytest
from machine import until

from headway.run.notify_socket import NotifySocket
from headway.run.streams.samples import Samples


@pytest.fixture
def notices(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(folder))
    made = NotifySocket()
    yield made
    made.finish()


def send(notices, *datagrams):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(20)
        for data in datagrams:
            sender.sendto(data, notices.environ["NOTIFY_SOCKET"])


def test_what_is_sent_is_relayed_in_order_as_output(notices):
    samples = Samples(4096)
    notices.relay(samples)
    send(notices, b"READY=1", b"", b"STATUS=one", b"STATUS=two")
    taken = []

    def came():
        taken.append(samples.take()[0])
        return b"".join(taken) == b"\rone\r\rtwo\r"

    until(came)


def test_whoever_sends_much_does_not_wait_for_a_look(notices):
    samples = Samples(64)
    notices.relay(samples)
    send(notices, *[b"STATUS=%d" % number for number in range(5_000)])
    until(lambda: samples.take()[0], "what was sent")
    assert os.path.exists(notices.path)


def test_what_was_sent_before_the_end_is_there_at_the_end(notices):
    samples = Samples(4096)
    send(notices, b"STATUS=last")
    notices.relay(samples)
    notices.finish()
    assert samples.take()[0] == b"\rlast\r"


def test_nobody_else_may_send_and_nothing_is_left(notices):
    assert stat.S_IMODE(os.stat(notices.path).st_mode) == 0o600
    notices.finish()
    assert not os.path.exists(notices.path)
