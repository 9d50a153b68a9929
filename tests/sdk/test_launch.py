"""Finding the broker without waiting for it."""

import os
import shutil
import socket
import tempfile
import time

import pytest

from headway import launch


@pytest.fixture
def place():
    path = tempfile.mkdtemp(prefix="hw", dir="/tmp")
    yield path
    launch._next_start = float("-inf")
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
    assert launch.endpoint(environ, os.getuid()) is None


def test_who_listens_is_found(environ, place):
    with listen(os.path.join(place, "report.sock")):
        assert launch.endpoint(environ, os.getuid()) == f"ipc://{place}/report.sock"


def test_a_named_endpoint_is_taken_as_it_is(environ):
    environ["HEADWAY_ENDPOINT"] = "ipc:///elsewhere"
    assert launch.endpoint(environ, os.getuid()) == "ipc:///elsewhere"


def test_a_stale_socket_is_nobody(environ, place):
    listen(os.path.join(place, "report.sock")).close()
    assert launch.endpoint(environ, os.getuid()) is None


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
        assert launch.listening(path, os.getuid())
        for client in waiting:
            client.close()


def test_a_file_or_a_link_in_its_place_is_nobody(environ, place):
    path = os.path.join(place, "report.sock")
    with open(path, "w"):
        pass
    assert not launch.listening(path, os.getuid())
    os.unlink(path)
    with listen(path + ".real"):
        os.symlink(path + ".real", path)
        assert not launch.listening(path, os.getuid())


def test_a_socket_of_somebody_else_is_nobody(place):
    path = os.path.join(place, "report.sock")
    with listen(path):
        assert not launch.listening(path, os.getuid() + 1) or os.getuid() == 0


def test_one_of_many_starts_the_broker_and_hands_it_the_lock(environ, place, monkeypatch):
    del environ["HEADWAY_BROKER"]
    started = []

    def spawn(argv, *_, keep, **__):
        started.append(argv)
        brokers.extend(os.dup(descriptor) for descriptor in keep)

    brokers = []
    monkeypatch.setattr(launch, "spawn", spawn)
    assert launch.endpoint(environ, os.getuid()) is None
    assert started[0][1:] == ["-m", "headway_broker", "run", "--detached"]
    launch._next_start = float("-inf")  # as in another process
    assert launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 1
    os.close(brokers.pop())  # it has died
    assert launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 2
    os.close(brokers.pop())


def test_one_process_does_not_start_brokers_in_a_row(environ, monkeypatch):
    del environ["HEADWAY_BROKER"]
    started = []
    monkeypatch.setattr(launch, "spawn", lambda *_, **__: started.append(1))
    for _ in range(5):
        assert launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 1


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
    monkeypatch.setattr(launch, "spawn", spawn)
    launch.endpoint(environ, os.getuid())
    launch._next_start = float("-inf")
    started = []
    monkeypatch.setattr(launch, "spawn", lambda *_, **__: started.append(1))
    launch.endpoint(environ, os.getuid())
    for end in (gate, opened, forked, says):
        os.close(end)
    os.wait()
    assert started == [1]


def test_looking_only_starts_nothing(environ, monkeypatch):
    del environ["HEADWAY_BROKER"]
    monkeypatch.setattr(launch, "spawn", lambda *_, **__: pytest.fail("started"))
    assert launch.endpoint(environ, os.getuid(), start=False) is None


def test_what_is_spawned_is_nobodys_child_and_finds_our_modules(place):
    path = os.path.join(place, "said")
    code = (
        "import headway, os, sys;"
        f"open({path!r} + '.new', 'w').write(f'{{os.getppid()}} {{os.getcwd()}} {{os.getsid(0)}}');"
        f"os.rename({path!r} + '.new', {path!r})"
    )
    import sys

    launch.spawn([sys.executable, "-c", code], os.environ)
    end = time.monotonic() + 10
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)
    with open(path) as file:
        parent, directory, session = file.read().split()
    assert int(parent) != os.getpid()
    assert directory == "/"
    assert int(session) != os.getsid(0)
