"""Real brokers in directories of their own, with raw peers and what their status says."""

from __future__ import annotations

import contextlib
import json
import os

from machine import Machine, until
from peers import Peer, Viewer

from headway_broker.shell.single_instance import answers


class Place(Machine):
    """A machine whose broker is started, asked and killed by the test."""

    def __init__(self):
        super().__init__()
        self.peers = []

    def broker(self, *options, **others):
        """Start a broker and wait until it listens."""
        process = self.python("-m", "headway_broker", "run", *options, **others)
        until(lambda: answers(self.path("report.sock")) or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        return process

    def command(self, *argv):
        """Run `headway broker …` and return (exit status, output, complaints)."""
        process = self.python("-m", "headway_broker", *argv)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def status(self):
        code, out, err = self.command("status", "--json")
        assert code == 0, err
        return json.loads(out)

    def peer(self, role="worker", **options):
        peer = Peer(self.directory, role, **options)
        self.peers.append(peer)
        return peer

    def worker(self, code, *arguments, hello=True):
        """A process that reports: `code` runs with `peer` made, and `time`."""
        head = "import os, sys, time; from peers import Peer\n"
        head += f"peer = Peer({self.directory!r}, hello={hello})\n"
        support = os.path.dirname(os.path.abspath(__file__))
        environ = {"PYTHONPATH": self.environ["PYTHONPATH"] + os.pathsep + support}
        return self.python("-c", head + code, *arguments, environ=environ)

    def operations(self):
        """Everything the broker shows, by id: (record as a dict, stages by id)."""
        viewer = Viewer(self.directory)
        try:
            return viewer.snapshot()
        finally:
            viewer.close()

    def operation(self, operation):
        return self.operations().get(operation)

    def log(self):
        with contextlib.suppress(OSError), open(self.path("broker.log")) as file:
            return file.read()
        return ""

    def close(self):
        for peer in self.peers:
            peer.close()
        super().close()
