"""Real brokers in directories of their own, and raw peers that speak to their sockets."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import zmq

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.wire import decode, encode


def boot():
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return None


def until(condition, seconds=10.0):
    """Wait until `condition()` is true and return its value; fails when it does not come."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.01)


class Place:
    """A runtime and a state directory, and the processes that were started for them."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="hwb", dir="/tmp")
        self.state = tempfile.mkdtemp(prefix="hws", dir="/tmp")
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith("HEADWAY")}
        self.environ.update(
            HEADWAY_RUNTIME_DIR=self.directory,
            HEADWAY_STATE_DIR=self.state,
            PYTHONPATH=os.pathsep.join(path for path in sys.path if path),
        )
        self.processes = []
        self.peers = []

    def path(self, name):
        return os.path.join(self.directory, name)

    def spawn(self, *argv, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("text", True)
        environ = {**self.environ, **options.pop("environ", {})}
        process = subprocess.Popen([sys.executable, *argv], env=environ, **options)
        self.processes.append(process)
        return process

    def broker(self, *options, **others):
        """Start a broker and wait until it listens."""
        process = self.spawn("-m", "headway_broker", "run", *options, **others)
        until(lambda: listens(self.path("report.sock")) or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        return process

    def command(self, *argv):
        """Run `headway broker …` and return (exit status, output, complaints)."""
        process = self.spawn("-m", "headway_broker", *argv)
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
        head = "import os, sys, time; from brokers import Peer\n"
        head += f"peer = Peer({self.directory!r}, hello={hello})\n"
        support = os.path.dirname(os.path.abspath(__file__))
        environ = {"PYTHONPATH": self.environ["PYTHONPATH"] + os.pathsep + support}
        return self.spawn("-c", head + code, *arguments, environ=environ)

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
        for process in self.processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)
                    process.kill()
            process.communicate()
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(self.state, ignore_errors=True)


def listens(path):
    import socket

    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


class Peer:
    """One connection to the broker that says Hello and keeps what it hears."""

    def __init__(self, directory, role="worker", session=None, hello=True, **about):
        self.session = session or os.urandom(8).hex()
        self.role = role
        self.about = {"pid": os.getpid(), "started": None, "boot": boot(), "host": "here", **about}
        self.sequence = 0
        self.requests = 0
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 1000
        self.socket.reconnect_ivl = 50
        self.socket.connect(f"ipc://{directory}/report.sock")
        self.welcome = None
        self.operations = {}
        self.stages = 0
        if hello:
            self.hello()
            self.welcome = self.hear(messages.Welcome)

    def hello(self):
        now = time.monotonic()
        self.send(
            messages.Hello("headway", 1, 0, self.session, self.role, now, self.about, self.sequence)
        )

    def send(self, message):
        self.socket.send(encode(message))

    def hear(self, kind, seconds=10.0):
        """The next message of a kind."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            came = left > 0 and self.socket.poll(int(left * 1000) + 1)
            assert came, f"no {kind.__name__} came"
            message = decode(self.socket.recv(), messages.OUTBOUND)
            if isinstance(message, kind):
                return message

    def start(self, operation="op0000000000", name="Install", stages=("Download",), total=100):
        op = self.operations[operation] = Operation(operation, name)
        op.move("running", time.monotonic())
        for stage_name in stages:
            self.stages += 1
            op.stages[self.stages] = Stage(self.stages, stage_name, total=total)
        if op.stages:
            next(iter(op.stages.values())).move("running", time.monotonic())
        self.announce(operation)
        return op

    def announce(self, operation="op0000000000"):
        op = self.operations[operation]
        op.revision += 1
        self.sequence += 1
        stages = [stage.record() for stage in op.stages.values()]
        self.send(messages.Announce(self.sequence, time.monotonic(), True, op.record(), stages))

    def count(self, counts):
        self.sequence += 1
        self.send(messages.Counts(self.sequence, time.monotonic(), counts))

    def end(self, operation="op0000000000", state="completed"):
        self.operations[operation].move(state, time.monotonic())
        self.announce(operation)

    def beat(self):
        self.send(messages.Beat(self.sequence, time.monotonic()))

    def ask(self, verb, **arguments):
        self.requests += 1
        self.send(messages.Request(self.requests, verb, arguments))
        return self.hear(messages.Reply)

    def close(self):
        self.socket.close(self.socket.linger)
        self.context.term()


class Viewer:
    """A raw SUB: takes snapshots and keeps deltas."""

    def __init__(self, directory):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.rcvhwm = 0
        self.socket.connect(f"ipc://{directory}/follow.sock")
        self.socket.subscribe(b"d")

    def frames(self, seconds):
        """What comes within so long, as (topic, message)."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(int(left * 1000) + 1):
                return
            topic, frame = self.socket.recv_multipart()
            yield topic, decode(frame, messages.PUBLISHED)

    def snapshot(self, seconds=10.0):
        inbox = b"i" + os.urandom(8).hex().encode()
        self.socket.subscribe(inbox)
        found, parts = {}, 0
        for topic, message in self.frames(seconds):
            if topic == inbox:
                parts += 1
                for row in message.operations:
                    operation = found.setdefault(row[0], Operation(row[0], ""))
                    if row[1] is not None:
                        operation.apply(row[1])
                        operation.progress, operation.estimate, operation.silent_since = row[4][:3]
                    for record in row[2]:
                        operation.apply_stage(record)
                if parts == message.parts:
                    self.socket.unsubscribe(inbox)
                    return found
        raise AssertionError("no snapshot came")

    def close(self):
        self.socket.close(0)
        self.context.term()
