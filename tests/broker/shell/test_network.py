"""The network sockets: whoever has an allowed key, and nobody else, is heard and told."""

import contextlib
import os
import socket
import subprocess
import tempfile

import pytest
import zmq
from cable import Cable
from machine import Machine
from turned import Turned
from zmq.utils import z85

from headway.host.files import key_files
from headway.host.files.key_files import AllowedKey
from headway.host.network import REFUSALS
from headway.protocol import messages
from headway.protocol.wire import decode
from headway_broker.peers import liveness
from headway_broker.shell import server as rules
from headway_broker.shell import sockets
from headway_broker.shell.network import Listen, listen_on


def pair():
    public, secret = zmq.curve_keypair()
    return z85.decode(public), z85.decode(secret)


class Networked(Turned):
    """A broker that listens on loopback, with a key of each role."""

    def __init__(self, directory, host="127.0.0.1"):
        self.keys = os.path.join(directory, "keys")
        self.public, secret = pair()
        self.pairs = {role: pair() for role in key_files.ROLES}
        for role, (public, _) in self.pairs.items():
            key_files.write_allowed(self.keys, AllowedKey(role, role, public))
        super().__init__(directory, listen=Listen(host, 0, secret, self.keys))
        self.port = int(self.server.sockets.network_endpoint.rpartition(":")[2])
        self.follow = int(self.core.handshake.network_follow.rpartition(":")[2])
        self.context = zmq.Context()
        self.subs = []

    def prepare(self, sock, role, server=None, client=None):
        public, secret = client or self.pairs[role]
        sock.setsockopt(zmq.CURVE_SERVERKEY, server or self.public)
        sock.setsockopt(zmq.CURVE_PUBLICKEY, public)
        sock.setsockopt(zmq.CURVE_SECRETKEY, secret)

    def remote(self, key, port=None, **options):
        """A peer over the network, greeted."""

        def reach(sock):
            self.prepare(sock, key)
            sock.connect(f"tcp://127.0.0.1:{port or self.port}")

        role = "worker" if key == "worker" else "viewer"
        return self.peer(role, reach=reach, boot="another", **options)

    def sub(self, key):
        """A SUB that follows over the network."""
        sock = self.context.socket(zmq.SUB)
        self.subs.append(sock)
        if key is not None:
            self.prepare(sock, key)
        sock.subscribe(b"d")
        sock.connect(f"tcp://127.0.0.1:{self.follow}")
        return sock

    def knock(self, data=b"", source=None):
        """A connection of somebody who speaks no ZeroMQ."""
        client = socket.socket()
        if source is not None:
            client.bind((source, 0))
        client.connect(("127.0.0.1", self.port))
        client.sendall(data)
        return client

    @property
    def connections(self):
        return self.server.sockets.connections


@contextlib.contextmanager
def opened():
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        networked = Networked(directory)
        yield networked
        for peer in networked.peers:
            peer.socket.linger = 0
            peer.close()
        for sock in networked.subs:
            sock.close(linger=0)
        networked.context.term()
        networked.server.close()


@pytest.fixture(autouse=True)
def no_farewell(monkeypatch):
    monkeypatch.setattr(rules, "FAREWELL", 0.0)


@pytest.fixture
def networked():
    with opened() as networked:
        yield networked


def test_a_worker_with_a_key_reports_and_is_told(networked):
    worker = networked.remote("worker")
    worker.start()
    networked.until(networked.operation)
    worker.count({1: 7})
    networked.until(lambda: networked.operation().stages[1].done == 7)
    assert worker.hear(messages.Welcome).follow == f"tcp://*:{networked.follow}"
    local = networked.peer("viewer")
    local.send(messages.Request(1, "cancel", {"operation": "op0000000000"}))
    networked.until(lambda: worker.socket.poll(0))
    assert worker.hear(messages.Cancel).operation == "op0000000000"
    assert networked.dropped() == {}


def test_a_viewer_follows_with_a_key_and_a_worker_does_not(networked):
    follower, worker, plain = networked.sub("viewer"), networked.sub("worker"), networked.sub(None)
    networked.until(lambda: networked.core.subscriptions.followers == 1)
    networked.until(lambda: networked.dropped().get("authentication"))
    networked.peer().start()
    told = []

    def hears_of_it():
        while follower.poll(0):
            told.append(type(decode(follower.recv_multipart()[1], messages.PUBLISHED)))
        return messages.Delta in told

    networked.until(hears_of_it)
    assert not worker.poll(50)
    assert not plain.poll(0)
    assert networked.core.subscriptions.followers == 1


@pytest.mark.parametrize("wrong", ["client", "server", "none"])
def test_with_a_wrong_key_or_none_nobody_is_heard(networked, wrong):
    def reach(sock):
        if wrong == "client":
            networked.prepare(sock, "worker", client=pair())
        elif wrong == "server":
            networked.prepare(sock, "worker", server=pair()[0])
        sock.reconnect_ivl = 20
        sent_away.append(sock.get_monitor_socket(zmq.EVENT_DISCONNECTED | REFUSALS))
        sock.connect(f"tcp://127.0.0.1:{networked.port}")

    sent_away = []
    local = networked.peer()
    local.start()
    stranger = type(local)(networked.directory, hello=False, reach=reach)
    networked.peers.append(stranger)
    stranger.hello()
    networked.until(lambda: sent_away[0].poll(0))
    stranger.socket.disable_monitor()
    sent_away[0].close(0)
    networked.until(networked.operation)
    assert stranger.session not in networked.core.sessions.by_id
    assert set(networked.dropped()) == ({"authentication"} if wrong == "client" else set())


def test_the_rubbish_of_a_scanner_has_no_effect(networked):
    rubbish = [b"GET / HTTP/1.0\r\n\r\n", os.urandom(5000)]
    rubbish += [b"\xff" + bytes(8) + b"\x7f" + bytes(500)]
    rubbish += [b"\xff\0\0\0\0\0\0\0\1\x7f\3\1NULL" + bytes(16) + bytes(32) + os.urandom(64)]
    clients = [networked.knock(data) for data in rubbish]
    worker = networked.remote("worker")
    worker.start()
    networked.until(networked.operation)
    assert set(networked.core.sessions.by_id) == {worker.session}
    for client in clients:
        client.close()
    networked.until(lambda: networked.connections.networked == 1)


def test_half_open_handshakes_are_bounded_and_closed(networked):
    """Some hundreds from one address: others come in, from here and from elsewhere."""
    connections = networked.connections
    connections.per_process = 100
    silent = [networked.knock(source="127.0.0.2") for _ in range(300)]
    networked.until(lambda: networked.dropped().get("connections") == 200)
    assert connections.networked <= 300
    networked.until(lambda: connections.networked == 100)
    worker = networked.remote("worker")
    worker.start()
    networked.until(networked.operation)
    assert networked.peer().session in networked.core.sessions.by_id
    for client in silent:
        client.close()
    networked.until(lambda: connections.networked == 1)


def test_all_of_a_network_leave_room_for_this_machine(networked):
    connections = networked.connections
    connections.limit = 80
    silent = [networked.knock(source=f"127.0.0.{2 + number % 9}") for number in range(60)]
    networked.until(lambda: networked.dropped().get("connections") == 40)
    networked.until(lambda: connections.networked == 20)
    assert not connections.full
    assert networked.peer().session in networked.core.sessions.by_id
    for client in silent:
        client.close()


def test_who_says_nothing_is_closed(monkeypatch):
    monkeypatch.setattr(sockets, "HANDSHAKE_TIME", 0.2)
    with opened() as networked:
        client = networked.knock()
        networked.until(lambda: networked.connections.networked == 1)
        networked.until(lambda: networked.connections.networked == 0)
        client.close()


def test_what_was_recorded_of_a_worker_says_nothing_a_second_time(networked):
    with Cable(("127.0.0.1", networked.port)) as cable:
        worker = networked.remote("worker", cable.port)
        worker.start()
        networked.until(networked.operation)
    messages_before = networked.core.messages
    client = networked.knock(cable.sent)
    networked.until(lambda: networked.connections.networked)
    networked.until(lambda: _has_ended(client))
    assert networked.core.messages == messages_before
    client.close()


def _has_ended(client):
    client.setblocking(False)
    try:
        while client.recv(1000):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def test_a_revoked_key_is_cut_off_at_once_and_the_others_go_on(networked):
    worker, operator = networked.remote("worker"), networked.remote("operator")
    worker.start()
    networked.until(networked.operation)
    revoked, kept = networked.sub("viewer"), networked.sub("operator")
    networked.until(lambda: networked.core.subscriptions.followers == 2)
    for role in ("worker", "viewer"):
        key_files.remove_allowed(networked.keys, role)
    networked.server.sockets.read_keys()
    assert networked.core.subscriptions.followers == 0
    worker.end()
    # Who is still allowed comes back by itself, as soon as it looks; the others are counted.
    networked.until(lambda: kept.poll(0) or networked.core.subscriptions.followers == 1)
    networked.until(lambda: networked.dropped().get("authentication", 0) >= 2)
    assert networked.operation().state == "running"
    while revoked.poll(0):
        revoked.recv_multipart()
    networked.until(lambda: kept.poll(0))
    assert not revoked.poll(50)
    operator.send(messages.Request(1, "status", {}))
    networked.until(lambda: operator.socket.poll(0))


def test_a_directory_of_keys_that_was_changed_by_hand_is_read_again(networked):
    key_files.remove_allowed(networked.keys, "worker")
    networked.server.sockets.read_keys(if_changed=True)
    assert len(networked.core.network_users) == 2


def test_behind_a_cable_that_was_cut_a_worker_is_silent_and_comes_back(monkeypatch):
    monkeypatch.setattr(liveness, "SILENT_AFTER", 0.4)
    with opened() as networked, Cable(("127.0.0.1", networked.port)) as cable:
        worker = networked.remote("worker", cable.port)
        worker.start()
        networked.until(networked.operation)
        cable.cut = True
        networked.until(lambda: networked.operation().silent_since is not None)
        assert networked.operation().state == "running"
        cable.cut = False
        worker.beat()
        networked.until(lambda: networked.operation().silent_since is None)
        assert networked.operation().state == "running"


PROGRAM = """
import headway, sys, threading, time
go_on = True
def read():
    global go_on
    sys.stdin.readline()
    go_on = False
threading.Thread(target=read, daemon=True).start()
with headway.operation("Far build") as op, op.stage("Count") as stage:
    counted = 0
    while go_on:
        stage.advance()
        counted += 1
        time.sleep(0.05)
print(counted, flush=True)
sys.stdin.readline()
"""


@pytest.mark.once
def test_a_program_behind_a_slow_cable_that_is_cut_and_reset_is_never_thought_dead(monkeypatch):
    monkeypatch.setattr(liveness, "SILENT_AFTER", 1.0)  # it reports twice a second
    seen = set()

    def operation():
        found = [entry.operation for entry in networked.core.ledger.entries.values()]
        seen.update(one.state for one in found)
        return found[0] if found else None

    def is_silent():
        return operation().silent_since is not None

    with contextlib.ExitStack() as stack:
        networked = stack.enter_context(opened())
        cable = stack.enter_context(Cable(("127.0.0.1", networked.port), delay=0.1))
        machine = stack.enter_context(contextlib.closing(Machine()))
        public, secret = networked.pairs["worker"]
        key = key_files.KeyPair("build", "worker", public, secret, networked.public)
        key_files.write_pair(os.path.join(machine.state, "keys"), key)
        far = {"HEADWAY_ENDPOINT": f"tcp://127.0.0.1:{cable.port}"}
        program = machine.python("-c", PROGRAM, stdin=subprocess.PIPE, environ=far)
        networked.until(lambda: operation() and not is_silent())
        cable.cut = True
        networked.until(is_silent)
        cable.cut = False
        networked.until(lambda: not is_silent())
        greeted = networked.core.sessions.by_identity.copy()
        cable.drop()
        networked.until(lambda: not greeted.keys() & networked.core.sessions.by_identity.keys())
        networked.until(lambda: not is_silent() and networked.core.sessions.by_identity)
        program.stdin.write("end\n")
        program.stdin.flush()
        networked.until(lambda: operation().state == "completed")
        counted = int(program.stdout.readline())
        assert [stage.done for stage in operation().stages.values()] == [counted]
        machine.finish(program)
        unsent = machine.path("unsent")
        assert not os.path.exists(unsent) or not os.listdir(unsent)
    assert seen <= {"pending", "running", "completed"}


def test_a_port_that_is_taken_is_said_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"tcp://127.0.0.1:{port}: "):
            listen_on("127.0.0.1", port)
    with pytest.raises(OSError, match="no such host"):
        listen_on("no such host", 7411)
