"""Who may hold how many connections, and what becomes of the silent."""

import os
import socket
import tempfile

import pytest
import zmq
from machine import until

from headway_broker.shell.connections import Connections, remote_peer


class Bound:
    """A ROUTER that is monitored, with its listener."""

    def __init__(self, path, descriptors):
        self.path = path
        self.connections = Connections(descriptors)
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.connections.monitor(self.context, self.router, "router")
        self.router.bind("ipc://" + path)
        self.clients = []

    def connect(self, number=1):
        for _ in range(number):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(self.path)
            self.clients.append(client)

    def ended(self, client):
        """Whether the other end has closed it."""
        self.connections.look()
        client.setblocking(False)
        try:
            while True:
                if not client.recv(100):
                    return True
        except BlockingIOError:
            return False

    def close(self):
        for client in self.clients:
            client.close()
        self.connections.close([self.router])
        self.context.destroy(linger=0)


@pytest.fixture
def bound():
    with tempfile.TemporaryDirectory(prefix="hw", dir="/tmp") as directory:
        opened = []

        def open_(descriptors):
            opened.append(Bound(os.path.join(directory, "x"), descriptors))
            return opened[-1]

        yield open_
        for one in opened:
            one.close()


def test_one_process_is_let_in_as_often_as_its_share_allows(bound):
    one = bound(descriptors=64)  # 32 connections, 8 of a process
    one.connect(9)
    assert until(lambda: sum(one.ended(client) for client in one.clients)) == 1
    assert one.connections.take_refused() == 1
    assert one.connections.take_refused() == 0


def test_what_has_left_makes_room(bound):
    one = bound(descriptors=64)
    one.connect(8)
    one.clients.pop().close()
    until(one.connections.look)
    one.connect()
    until(lambda: not one.ended(one.clients[-1]))
    assert one.connections.take_refused() == 0


def test_of_a_descriptor_that_has_become_another_file_nothing_is_copied(tmp_path):
    # libzmq may have closed the connection, and its number be that of a watched process by now.
    with open(tmp_path / "file", "w", encoding="utf-8") as file:
        before = os.listdir("/proc/self/fd")
        assert remote_peer(file.fileno()) is None
        assert os.listdir("/proc/self/fd") == before
        assert not file.closed
        assert os.fstat(file.fileno())
