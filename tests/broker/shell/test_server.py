"""The shell's own part: reading frames fast and slow, floods, and what it tells of itself."""

import errno
import os
import tempfile
import time

import pytest
import zmq
from peers import Peer

from headway.protocol import endpoint, messages
from headway.protocol.wire import COUNTS_LIMIT, encode, pack
from headway_broker.peers.spooled import SpooledFile
from headway_broker.shell import server as rules
from headway_broker.shell.log import Log
from headway_broker.shell.server import Server
from headway_broker.shell.single_instance import SingleInstance


class Turned:
    """A server in this process whose turns a test takes."""

    def __init__(self, directory, state=None):
        self.directory = directory
        self.server = Server(directory, state, SingleInstance(directory), Log(directory), 300.0)
        self.server.open()
        self.core = self.server.core
        self.peers = []

    def peer(self, role="worker"):
        peer = Peer(self.directory, role, hello=False)
        self.peers.append(peer)
        peer.hello()
        self.until(lambda: peer.session in self.core.sessions.by_id)
        return peer

    def until(self, condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "what was waited for did not come"
            self.server._poller.poll(10)
            self.server.turn()

    def dropped(self):
        return self.core.dropped.counts


@pytest.fixture
def turned(tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "FAREWELL", 0.0)
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        turned = Turned(directory)
        yield turned
        for peer in turned.peers:
            peer.socket.linger = 0
            peer.close()
        turned.server.close()


def operation(turned, name="op0000000000"):
    entry = turned.core.ledger.entries.get(name)
    return entry.operation if entry else None


def test_counts_take_the_fast_way_and_arrive(turned):
    peer = turned.peer()
    peer.start()
    turned.until(lambda: operation(turned))
    slow = turned.server._receive
    turned.server._receive = lambda *_: pytest.fail("the slow way was taken")
    peer.count({1: 5})
    turned.until(lambda: operation(turned).stages[1].done == 5)
    turned.server._receive = slow


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({1: 5}, {"hole": 1}),
        (dict.fromkeys(range(COUNTS_LIMIT + 1), 1), {"malformed": 1}),
    ],
)
def test_counts_that_are_out_of_order_take_the_slow_way(turned, counts, reason):
    peer = turned.peer()
    peer.start()
    if len(counts) == 1:
        peer.sequence += 3
    peer.count(counts)
    turned.until(lambda: turned.dropped() == reason)


def test_the_kernels_word_is_what_counts(turned):
    peer = turned.peer()
    session = turned.core.sessions.by_id[peer.session]
    assert (session.uid, session.pid) == (os.getuid(), os.getpid())


def test_messages_of_several_parts_are_dropped_and_the_next_is_read_right(turned):
    peer = turned.peer()
    peer.start()
    for parts in ([b"a", b"b"], [b"", encode(messages.Beat(1, 1.0))], [b"x"] * 50):
        peer.socket.send_multipart(parts)
    peer.count({1: 7})
    turned.until(lambda: operation(turned) and operation(turned).stages[1].done == 7)
    assert turned.dropped() == {"multipart": 3}


def test_rubbish_is_counted_and_named_in_the_log(turned):
    peer = turned.peer()
    for rubbish in (b"", b"\xc1", b"\x91\x63", os.urandom(100)):
        peer.socket.send(rubbish)
    turned.until(lambda: sum(turned.dropped().values()) == 4)
    assert turned.dropped()["unknown kind"] >= 1
    with open(os.path.join(turned.directory, "broker.log")) as log:
        assert "kind 99 is not known" in log.read()


def test_who_sends_faster_than_is_read_waits_and_loses_nothing(turned):
    flood, other = turned.peer(), turned.peer()
    flood.socket.sndhwm = 8
    flood.start("flood0000000")
    other.start("other0000000")
    turned.until(lambda: operation(turned, "flood0000000") and operation(turned, "other0000000"))
    sent, text = 0, "x" * 3000
    while flood.socket.poll(200, zmq.POLLOUT):
        sent += 1
        flood.count({1: [sent, None, text]})
        assert sent < 10 * rules.ROUTER_RCVHWM
    other.count({1: 7})
    turned.until(lambda: operation(turned, "other0000000").stages[1].done == 7)
    turned.until(lambda: operation(turned, "flood0000000").stages[1].done == sent)
    assert turned.dropped() == {}


def test_a_frame_that_is_too_large_costs_its_sender_the_connection(turned):
    peer = turned.peer()
    peer.start()
    peer.socket.send(b"\x00" * (2 << 20))
    other = turned.peer()
    other.start("other0000000")
    turned.until(lambda: operation(turned, "other0000000"))
    assert operation(turned).state == "running"


def test_status_has_the_process_beside_what_the_core_knows(turned):
    facts = turned.server._facts()
    assert facts["pid"] == os.getpid()
    assert facts["endpoint"] == f"ipc://{turned.directory}/report.sock"
    assert facts["rss"] > 0


def test_late_clients_are_told_to_connect_to_the_next(turned, monkeypatch):
    monkeypatch.setattr(rules, "FAREWELL", 0.5)
    late = Peer(turned.directory, hello=False)
    turned.peers.append(late)
    late.hello()
    time.sleep(0.2)
    monkeypatch.setattr(turned.server, "_drain", lambda _now: True)
    closing = turned.server.close
    turned.server.close = lambda: None
    closing()
    assert isinstance(late.hear(messages.Retire), messages.Retire)


def test_what_libzmq_refuses_is_told_as_any_other_trouble_with_a_socket(tmp_path, monkeypatch):
    place = str(tmp_path)
    made = Server(place, None, SingleInstance(place), Log(place), 300.0)

    def refuse(sock, name):
        raise zmq.ZMQError(errno.EMFILE)

    monkeypatch.setattr(made, "_bind", refuse)
    monkeypatch.setattr(rules, "FAREWELL", 0.0)
    with pytest.raises(OSError, match="Too many open files: ipc://") as told:
        made.open()
    assert told.value.errno == errno.EMFILE
    made.close()


def test_a_file_that_breaks_its_reader_is_set_aside_and_the_others_are_taken_in(
    turned, monkeypatch
):
    taken = []

    def take_in(found, _owner, _now):
        if not found:
            raise RecursionError
        taken.extend(found)
        return SpooledFile(set(), {}, {}, [], 0.0)

    monkeypatch.setattr(turned.core.spooled, "take", take_in)
    hello = messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.0, {}, 0)
    folder = os.path.join(turned.directory, endpoint.SPOOL)
    os.makedirs(folder, 0o700, exist_ok=True)
    for name, data in (("bad", b""), ("good", pack(encode(hello)))):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    turned.until(lambda: os.listdir(folder) == [".broken-bad"])
    assert taken == [hello]
    with open(os.path.join(turned.directory, "broker.log")) as log:
        assert "spool: a file is set aside: RecursionError at test_server.py" in log.read()


def test_whoever_restores_for_longer_than_a_turn_is_done_with_the_last_operation(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(rules, "FAREWELL", 0.0)
    monkeypatch.setattr(rules, "RESTORE_SECONDS", 0.0)
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        for broker in ("first", "second"):
            turned = Turned(directory, str(tmp_path))
            if broker == "first":
                peer = turned.peer()
                peer.start()
                peer.end()
                turned.until(lambda turned=turned: stored(turned))
                peer.socket.linger = 0
                peer.close()
            else:
                turned.until(lambda turned=turned: operation(turned))
                turned.server.turn()
                assert not turned.core.snapshots.held  # viewers are answered
                assert not turned.server._restoring  # the spool is read
            turned.server.close()


def stored(turned):
    entry = turned.core.ledger.entries.get("op0000000000")
    return entry is not None and entry.stored_revision is not None
