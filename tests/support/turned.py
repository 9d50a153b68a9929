"""A broker's server in the process of a test, whose turns the test takes."""

import time

from peers import Peer

from headway_broker.shell.log import Log
from headway_broker.shell.server import Server
from headway_broker.shell.single_instance import SingleInstance


class Turned:
    """A server in this process whose turns a test takes."""

    def __init__(self, directory, state=None, listen=None):
        self.directory = directory
        instance, log = SingleInstance(directory), Log(directory)
        self.server = Server(directory, state, instance, log, 300.0, listen=listen)
        self.server.open()
        self.core = self.server.core
        self.peers = []

    def peer(self, role="worker", **options):
        peer = Peer(self.directory, role, hello=False, **options)
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

    def operation(self, name="op0000000000"):
        entry = self.core.ledger.entries.get(name)
        return entry.operation if entry else None
