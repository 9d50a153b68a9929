"""Brokers with a history file that is corrupt, old, newer, read-only, or on a full disk."""

import contextlib
import os
import sqlite3
import subprocess

import pytest
from machine import until
from peers import OP

pytestmark = pytest.mark.once


def garbage(path):
    with open(path, "wb") as file:
        file.write(os.urandom(20_000))


def truncated(path):
    with open(path, "r+b") as file:
        file.truncate(5_000)


def overwritten(path):
    with open(path, "r+b") as file:
        file.seek(1_000)
        file.write(b"\xff" * 8_000)


def empty(path):
    with open(path, "wb"):
        pass


def newer(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()


def other(path):
    os.unlink(path)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE operations (something TEXT)")
    connection.close()


def folder(path):
    os.unlink(path)
    os.mkdir(path)


def history(host):
    return os.path.join(host.state, "history.sqlite3")


def serves(host):
    """A broker at this host takes in an operation, and acknowledges its end."""
    broker = host.broker("--detached")
    peer = host.peer()
    peer.start()
    until(lambda: host.operation(OP))
    peer.end()
    peer.hear_ends()
    assert host.operation(OP).state == "completed"
    return broker


DAMAGES = [garbage, truncated, overwritten, empty, newer, other, folder]


@pytest.mark.oldest
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_history_does_not_keep_the_broker_from_serving(host, damage):
    broker = serves(host)
    broker.kill()
    broker.wait()
    for suffix in ("-wal", "-shm"):
        if os.path.exists(history(host) + suffix):
            os.unlink(history(host) + suffix)
    damage(history(host))
    broker = serves(host)
    assert "Traceback" not in host.log()
    host.command("stop")
    assert broker.wait(10) == 0


@pytest.fixture
def disk(host):
    """The state directory is a small file system of its own."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", host.state]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs root, to mount a file system")
    yield host.state
    subprocess.run(["umount", "--lazy", host.state], check=True)


def test_a_read_only_history_does_not_keep_the_broker_from_serving(host, disk):
    broker = serves(host)
    broker.kill()
    broker.wait()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    serves(host)
    assert "Traceback" not in host.log()


def fill(disk):
    """Leave no byte free; the path of what to remove to make room."""
    path = os.path.join(disk, "filler")
    with open(path, "wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return path


def test_a_broker_that_starts_on_a_full_disk_has_its_history_once_there_is_room(host, disk):
    broker = serves(host)
    host.command("stop")
    assert broker.wait(10) == 0
    filler = fill(disk)
    host.broker("--detached")
    peer = host.peer()
    peer.start("later0000000")
    peer.end("later0000000")
    until(lambda: host.operation("later0000000"))
    assert host.operation(OP) is None
    os.unlink(filler)
    peer.hear_ends()
    assert host.operation(OP).state == "completed"


def test_an_end_on_a_full_disk_is_acknowledged_once_there_is_room(host, disk):
    host.broker("--detached")
    peer = host.peer()
    peer.start()
    until(lambda: host.operation(OP))
    filler = fill(disk)
    peer.operations[OP].message = "x" * 4000  # more than a page that is there already
    peer.end()
    until(lambda: host.operation(OP).state == "completed")  # shown at once
    with pytest.raises(AssertionError, match="no Acknowledge came"):
        peer.hear_ends(2.0)
    os.unlink(filler)
    assert peer.hear_ends() == [[OP, 2]]
    broker = host.processes[0]
    broker.kill()
    broker.wait()
    host.broker("--detached")
    assert host.operation(OP).state == "completed"


def test_a_history_that_somebody_else_has_locked_delays_nothing_but_acknowledgements(host):
    serves(host)
    peer = host.peer()
    peer.start("later0000000")
    with contextlib.closing(sqlite3.connect(history(host), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        peer.end("later0000000")
        until(lambda: host.operation("later0000000").state == "completed")
        with pytest.raises(AssertionError, match="no Acknowledge came"):
            peer.hear_ends(1.0)
        fresh = host.peer(session="f" * 16)
        fresh.start("fresh0000000")
        until(lambda: host.operation("fresh0000000"))
        other.execute("ROLLBACK")
    assert peer.hear_ends() == [["later0000000", 2]]
