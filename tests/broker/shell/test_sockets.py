"""The sockets: frames read fast and slow, floods, whose a connection is, and the last word."""

import errno
import os
import time

import pytest
import zmq
from peers import Peer

from headway.protocol import messages
from headway.protocol.limits import COUNTS_LIMIT
from headway.protocol.wire import encode
from headway_broker.shell import server as rules
from headway_broker.shell.log import Log
from headway_broker.shell.server import Server
from headway_broker.shell.single_instance import SingleInstance
from headway_broker.shell.sockets import ROUTER_RCVHWM


def test_counts_take_the_fast_way_and_arrive(turned, monkeypatch):
    peer = turned.peer()
    peer.start()
    turned.until(turned.operation)
    with monkeypatch.context() as slow:
        slow.setattr(turned.core, "receive", lambda *_: pytest.fail("the slow way was taken"))
        peer.count({1: 5})
        turned.until(lambda: turned.operation().stages[1].done == 5)


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
    turned.until(lambda: turned.operation() and turned.operation().stages[1].done == 7)
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
    turned.until(lambda: turned.operation("flood0000000") and turned.operation("other0000000"))
    sent, text = 0, "x" * 3000
    while flood.socket.poll(200, zmq.POLLOUT):
        sent += 1
        flood.count({1: [sent, None, text]})
        assert sent < 10 * ROUTER_RCVHWM
    other.count({1: 7})
    turned.until(lambda: turned.operation("other0000000").stages[1].done == 7)
    turned.until(lambda: turned.operation("flood0000000").stages[1].done == sent)
    assert turned.dropped() == {}


def test_a_frame_that_is_too_large_costs_its_sender_the_connection(turned):
    peer = turned.peer()
    peer.start()
    peer.socket.send(b"\x00" * (2 << 20))
    other = turned.peer()
    other.start("other0000000")
    turned.until(lambda: turned.operation("other0000000"))
    assert turned.operation().state == "running"


def test_for_many_that_ask_for_a_snapshot_at_once_the_spool_is_looked_at_once(turned, monkeypatch):
    context = zmq.Context()
    asking = context.socket(zmq.SUB)
    try:
        asking.connect(f"ipc://{turned.directory}/follow.sock")
        for number in range(200):
            asking.setsockopt(zmq.SUBSCRIBE, b"k%016d" % number)
        looks = []
        read = turned.server.spool.read
        monkeypatch.setattr(turned.server.spool, "read", lambda now: looks.append(now) or read(now))
        turned.until(lambda: asking.poll(0))
        assert 0 < len(looks) < 50
    finally:
        asking.close(0)
        context.term()


def test_late_clients_are_told_to_connect_to_the_next(turned, monkeypatch):
    monkeypatch.setattr(rules, "FAREWELL", 0.5)
    late = Peer(turned.directory, hello=False)
    turned.peers.append(late)
    late.hello()
    time.sleep(0.2)
    monkeypatch.setattr(turned.server.sockets, "drain", lambda _now: True)
    closing = turned.server.close
    turned.server.close = lambda: None
    closing()
    assert isinstance(late.hear(messages.Retire), messages.Retire)


def test_what_libzmq_refuses_is_told_as_any_other_trouble_with_a_socket(tmp_path, monkeypatch):
    place = str(tmp_path)
    made = Server(place, None, SingleInstance(place), Log(place), 300.0)

    def refuse(name):
        raise zmq.ZMQError(errno.EMFILE)

    monkeypatch.setattr(made.sockets, "_bind", refuse)
    monkeypatch.setattr(rules, "FAREWELL", 0.0)
    with pytest.raises(OSError, match="Too many open files: ipc://") as told:
        made.open()
    assert told.value.errno == errno.EMFILE
    made.close()
