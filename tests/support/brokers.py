"""Real brokers in directories of their own, with raw peers and what their status says."""

from __future__ import annotations

import contextlib
import os
import sqlite3

from machine import Machine, until
from peers import Peer, Viewer

from headway_broker.shell.single_instance import answers


def stored(state):
    """How many operations the history file in a state directory holds."""
    path = os.path.join(state, "history.sqlite3")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            return file.execute("SELECT count(*) FROM operations").fetchone()[0]
    except sqlite3.OperationalError:  # it is not there yet
        return 0


class Host(Machine):
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
        """What `headway broker status --json` prints, asked from here."""
        return self.ask("status")

    def peer(self, role="worker", **options):
        peer = Peer(self.directory, role, **options)
        self.peers.append(peer)
        return peer

    def worker(self, code, *arguments, hello=True, **popen):
        """A process that reports: `code` runs with `peer` made, and a few modules imported."""
        head = "import os, signal, sys, time; from peers import Peer\n"
        head += f"peer = Peer({self.directory!r}, hello={hello})\n"
        support = os.path.dirname(os.path.abspath(__file__))
        environ = {"PYTHONPATH": self.environ["PYTHONPATH"] + os.pathsep + support}
        return self.python("-c", head + code, *arguments, environ=environ, **popen)

    def operations(self):
        """Everything the broker shows, by id: (record as a dict, stages by id)."""
        viewer = Viewer(self.directory)
        try:
            return viewer.snapshot()
        finally:
            viewer.close()

    def operation(self, operation):
        return self.operations().get(operation)

    def stored(self):
        """How many operations the history file holds."""
        return stored(self.state)

    def log(self):
        with contextlib.suppress(OSError), open(self.path("broker.log")) as file:
            return file.read()
        return ""

    def close(self):
        for peer in self.peers:
            peer.close()
        super().close()
