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
    launch.started()
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


def test_one_of_many_starts_the_broker(environ, place, monkeypatch):
    del environ["HEADWAY_BROKER"]
    started = []
    monkeypatch.setattr(launch, "spawn", lambda argv, *_, **__: started.append(argv))
    assert launch.endpoint(environ, os.getuid()) is None
    assert started[0][1:] == ["-m", "headway_broker", "run", "--detached"]
    held, launch._start_lock = launch._start_lock, None  # as if another process held it
    assert launch.endpoint(environ, os.getuid()) is None
    assert len(started) == 1
    launch._start_lock = held


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
