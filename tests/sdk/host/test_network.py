"""Sockets to a network have a key, or are none."""

import os

import pytest
import zmq
import zmq.utils.z85

from headway.host import network
from headway.host.files import key_files


@pytest.fixture
def sock():
    context = zmq.Context()
    sock = context.socket(zmq.DEALER)
    yield sock
    context.destroy(linger=0)


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("HEADWAY_KEY", raising=False)


def test_a_socket_of_this_machine_is_left_alone(sock):
    network.secure(sock, "ipc:///run/user/1/x", key_files.REPORTING)
    assert sock.getsockopt(zmq.MECHANISM) == zmq.NULL


def test_without_a_key_there_is_none_to_a_network(sock):
    with pytest.raises(key_files.NoKey):
        network.secure(sock, "tcp://host:1", key_files.REPORTING)


def test_with_one_it_speaks_curve_alone(sock):
    public, secret = (zmq.utils.z85.decode(part) for part in zmq.curve_keypair())
    pair = key_files.KeyPair("build", "worker", public, secret, public)
    key_files.write_pair(key_files.folder(os.environ, os.getuid()), pair)
    network.secure(sock, "tcp://host:1", key_files.REPORTING)
    assert sock.getsockopt(zmq.MECHANISM) == zmq.CURVE


@pytest.mark.parametrize(
    ("told", "address", "follow"),
    [
        ("ipc:///a/follow.sock", "ipc:///a/report.sock", "ipc:///a/follow.sock"),
        ("tcp://*:7412", "tcp://build.lab:7411", "tcp://build.lab:7412"),
        ("tcp://evil:7412", "tcp://[2001:db8::1]:9", "tcp://[2001:db8::1]:7412"),
    ],
)
def test_a_broker_is_followed_at_the_host_where_it_was_reached(told, address, follow):
    assert network.follow_address(told, address) == follow


def test_a_forwarded_broker_is_followed_at_the_socket_beside_its_own(tmp_path):
    report = f"ipc://{tmp_path}/report.sock"
    told = "ipc:///run/user/1/headway/follow.sock"
    assert network.follow_address(told, report) == told
    (tmp_path / "follow.sock").touch()
    assert network.follow_address(told, report) == f"ipc://{tmp_path}/follow.sock"


def test_a_refused_key_is_told_from_a_handshake_that_failed():
    assert "does not let this key in" in network.refusal(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
    assert "another broker" in network.refusal(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
