"""Finding the broker without waiting for it."""

import fcntl
import os
import shutil
import socket
import sys
import tempfile

import pytest
from machine import until

from headway.host.launch import broker_launch, cgroup
from headway.protocol.retirement import Surroundings


@pytest.fixture
def place():
    path = tempfile.mkdtemp(prefix="hw", dir="/tmp")
    yield path
    broker_launch._next_start = float("-inf")
    shutil.rmtree(path)


@pytest.fixture
def environ(place):
    return {"HEADWAY_RUNTIME_DIR": place, "HEADWAY_BROKER": "never"}


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    return listener


def test_nobody_listens_in_an_empty_directory(environ):
    assert broker_launch.endpoint(environ, os.getuid()) is None


def test_who_listens_is_found(environ, place):
    with listen(os.path.join(place, "report.sock")):
        assert broker_launch.endpoint(environ, os.getuid()) == f"ipc://{place}/report.sock"


@pytest.mark.parametrize("scheme", ["", "ipc://"])
def test_a_named_endpoint_is_taken_where_somebody_listens(environ, place, scheme):
    environ["HEADWAY_ENDPOINT"] = f"{scheme}{place}/elsewhere"
    assert broker_launch.endpoint(environ, os.getuid()) is None
    with listen(os.path.join(place, "elsewhere")):
        assert broker_launch.endpoint(environ, os.getuid()) == f"ipc://{place}/elsewhere"


def test_a_named_endpoint_that_is_refused_is_no_endpoint(environ):
    environ["HEADWAY_ENDPOINT"] = "tcp://127.0.0.1:1"
    with pytest.raises(broker_launch.EndpointRefused):
        broker_launch.endpoint(environ, os.getuid())


def test_a_stale_socket_is_nobody(environ, place):
    listen(os.path.join(place, "report.sock")).close()
    assert broker_launch.endpoint(environ, os.getuid()) is None


def test_a_busy_listener_is_somebody(environ, place):
    path = os.path.join(place, "report.sock")
    with listen(path):
        waiting = []
        for _ in range(8):
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            try:
                client.connect(path)
            except BlockingIOError:
                break
        assert broker_launch.listening(path, os.getuid())
        for client in waiting:
            client.close()


def test_a_file_or_a_link_in_its_place_is_nobody(environ, place):
    path = os.path.join(place, "report.sock")
    with open(path, "w"):
        pass
    assert not broker_launch.listening(path, os.getuid())
    os.unlink(path)
    with listen(path + ".real"):
        os.symlink(path + ".real", path)
        assert not broker_launch.listening(path, os.getuid())


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to give a socket away")
def test_a_socket_of_somebody_else_is_nobody(place):
    path = os.path.join(place, "report.sock")
    with listen(path):
        os.chown(path, 4242, -1)
        assert broker_launch.listening(path, 4242)
        assert not broker_launch.listening(path, 4243)


def test_a_socket_of_root_is_trusted_and_of_another_user_is_not(place):
    path = os.path.join(place, "report.sock")
    with listen(path):
        assert broker_launch.listening(path, os.getuid() + 1) == (os.getuid() == 0)


def test_one_of_many_starts_the_broker_and_hands_it_the_lock(environ, place, monkeypatch):
    del environ["HEADWAY_BROKER"]
    started = []

    def spawn(argv, *_, keep, **__):
        started.append(argv)
        brokers.extend(os.dup(descriptor) for descriptor in keep)

    brokers = []
    monkeypatch.setattr(broker_launch, "spawn", spawn)
    assert broker_launch.endpoint(environ, os.getuid()) is None
    assert started[0][1:] == ["-m", "headway_broker", "run", "--detached"]
    broker_launch._next_start = float("-inf")  # as in another process
    assert broker_launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 1
    os.close(brokers.pop())  # it has died
    assert broker_launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 2
    os.close(brokers.pop())


def test_one_process_does_not_start_brokers_in_a_row(environ, monkeypatch):
    del environ["HEADWAY_BROKER"]
    started = []
    monkeypatch.setattr(broker_launch, "spawn", lambda *_, **__: started.append(1))
    for _ in range(5):
        assert broker_launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 1


def test_where_no_python_can_run_a_broker_none_is_started(environ, monkeypatch):
    environ = {**environ, "HEADWAY_BROKER": "", "PATH": "/nowhere"}
    started = []
    monkeypatch.setattr(broker_launch, "spawn", lambda *_, **__: started.append(1))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert broker_launch.endpoint(environ, os.getuid()) is None
    assert started == []
    monkeypatch.setattr(sys, "frozen", False)
    assert broker_launch.endpoint(environ, os.getuid()) is None
    assert started == [1]


def test_a_forked_child_does_not_keep_the_start_lock(environ, place, monkeypatch):
    del environ["HEADWAY_BROKER"]

    def spawn(*_, **__):
        if os.fork() == 0:
            os.close(opened)
            os.write(says, b"forked")
            os.read(gate, 1)
            os._exit(0)
        os.read(forked, 6)

    gate, opened = os.pipe()
    forked, says = os.pipe()
    monkeypatch.setattr(broker_launch, "spawn", spawn)
    broker_launch.endpoint(environ, os.getuid())
    broker_launch._next_start = float("-inf")
    started = []
    monkeypatch.setattr(broker_launch, "spawn", lambda *_, **__: started.append(1))
    broker_launch.endpoint(environ, os.getuid())
    for end in (gate, opened, forked, says):
        os.close(end)
    os.wait()
    assert started == [1]


def test_looking_only_starts_nothing(environ, monkeypatch):
    del environ["HEADWAY_BROKER"]
    monkeypatch.setattr(broker_launch, "spawn", lambda *_, **__: pytest.fail("started"))
    assert broker_launch.endpoint(environ, os.getuid(), start=False) is None


def test_why_a_broker_did_not_start_is_in_its_log(place, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    for name, text in (
        ("python3", "#!/bin/sh\necho no module named headway_broker >&2\nexit 1\n"),
        ("headway", f"#!{place}/python3\nfrom headway_command import program\n"),
    ):
        with open(os.path.join(place, name), "w") as file:
            file.write(text)
        os.chmod(file.name, 0o700)
    assert broker_launch.start_broker({"PATH": place}, os.getuid(), place)
    log = os.path.join(place, "broker.log")

    def told():
        with open(log) as file:
            return file.read()

    until(lambda: told() == "no module named headway_broker\n")


@pytest.mark.parametrize("name", ["broker.lock", "start.lock"])
def test_whoever_holds_a_lock_is_starting(environ, place, name):
    assert not broker_launch.starting(environ, os.getuid())
    with open(os.path.join(place, name), "w") as file:
        assert not broker_launch.starting(environ, os.getuid())
        fcntl.flock(file, fcntl.LOCK_EX)
        assert broker_launch.starting(environ, os.getuid())
    assert not broker_launch.starting(environ, os.getuid())


def test_who_listens_is_known_by_pid(place):
    path = os.path.join(place, "report.sock")
    assert broker_launch.listener(path) is None
    with listen(path):
        assert broker_launch.listener(path) == os.getpid()


def test_a_stopped_broker_is_found_though_its_queue_is_full(place, monkeypatch):
    monkeypatch.setattr(broker_launch, "standstill", lambda pid: b"%d" % pid)
    path = os.path.join(place, "report.sock")
    with listen(path) as queue:
        queue.listen(0)  # room for the connection of one look
        stopped = broker_launch.StoppedBroker("ipc://" + path, 0.0)
        assert [stopped.is_found(now) for now in (1.0, 2.0, 3.0)] == [False, True, True]


@pytest.mark.parametrize(
    ("service", "manager", "asked"),
    [(None, "/run", None), ("a.service", None, None), ("a.service", "/run", "/run")],
)
def test_a_service_has_the_service_manager_of_the_user_start_the_broker(
    environ, place, monkeypatch, service, manager, asked
):
    spawned = []
    monkeypatch.setattr(broker_launch, "spawn", lambda *a, **named: spawned.append(named))
    monkeypatch.setattr(cgroup, "own", lambda: Surroundings(service, 0))
    monkeypatch.setattr(cgroup, "user_manager", lambda environ, user: manager)
    assert broker_launch.start_broker(environ, os.getuid(), place)
    found = spawned[0]["manager"]
    assert (found and found[0]) == asked
    assert found is None or found[1].startswith("headway-broker-")
