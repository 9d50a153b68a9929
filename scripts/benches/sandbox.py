"""A private place for one measurement: its own directories, broker, workers and viewers.

Everything started here is ended when the block is left, by its process id.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Any

import zmq

from benches.resources import wait_for
from benches.simulated_peers import Taken, Viewer
from headway.model import Operation

DROPPED = ("CI", "PYTHONPATH", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


class Ground:
    """A runtime directory and a state directory that nobody else uses, and what runs in them."""

    def __init__(self) -> None:
        self.directory = tempfile.mkdtemp(prefix="hwb-", dir="/tmp")
        self.runtime = os.path.join(self.directory, "run")
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HEADWAY") and name not in DROPPED
        }
        self.environ.update(
            HEADWAY_RUNTIME_DIR=self.runtime,
            HEADWAY_STATE_DIR=os.path.join(self.directory, "state"),
            PYTHONPATH=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
            TERM="xterm-256color",
        )
        self.started: list[subprocess.Popen[Any]] = []

    def __enter__(self) -> Ground:  # noqa: PYI034 - Self is not in 3.8
        os.mkdir(self.runtime, 0o700)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.started):
            self.end(process)
        self.end_strays()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def endpoint(self) -> str:
        """Where workers connect to."""
        return f"ipc://{self.runtime}/report.sock"

    def start(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a process of this ground."""
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(command, env=self.environ, **options)
        self.started.append(process)
        return process

    def python(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a Python process of this ground: the interpreter's arguments are given."""
        return self.start(sys.executable, *arguments, **options)

    def broker(self, *under: str) -> subprocess.Popen[Any]:
        """Start the broker (`under` something, such as a profiler) and wait until it listens."""
        with open(os.path.join(self.directory, "broker.log"), "wb") as log:
            process = self.python(*under, "-m", "headway_broker", "run", stdout=log, stderr=log)
        socket = os.path.join(self.runtime, "report.sock")
        wait_for(
            lambda: os.path.exists(socket) or process.poll() is not None, 10, "a listening broker"
        )
        if process.poll() is not None:
            with open(os.path.join(self.directory, "broker.log"), encoding="utf-8") as log:
                raise RuntimeError(f"the broker ended with {process.returncode}: {log.read()}")
        return process

    def bare(self) -> subprocess.Popen[Any]:
        """Start the bare receiving loop, at the broker's place."""
        process = self.python(
            "-m",
            "benches.programs.minimal_receiver",
            self.runtime,
            stdout=subprocess.PIPE,
            text=True,
        )
        socket = os.path.join(self.runtime, "report.sock")
        wait_for(lambda: os.path.exists(socket), 10, "a listening loop")
        return process

    def followers(self, number: int) -> subprocess.Popen[Any]:
        """Start a process of simulated viewers and wait until each has its snapshot."""
        process = self.python(
            "-m",
            "benches.programs.follow",
            self.runtime,
            str(number),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the viewers got no snapshot")
        return process

    def load(
        self, first: int, sessions: int, operations: int, stages: int, rate: float
    ) -> subprocess.Popen[Any]:
        """Start a process of simulated workers and wait until the broker knows them all."""
        process = self.python(
            "-m",
            "benches.programs.load_generator",
            self.runtime,
            *map(str, (first, sessions, operations, stages, rate)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the simulated workers did not get ready")
        return process

    def snapshot(self) -> list[Operation]:
        """Every operation that the broker knows."""
        return self.taken().operations

    def taken(self) -> Taken:
        """A snapshot as a viewer that comes now gets it."""
        context = zmq.Context()
        viewer = Viewer(context, f"ipc://{self.runtime}/follow.sock")
        try:
            return viewer.take_snapshot()
        finally:
            viewer.close()
            context.term()

    def told(self, process: subprocess.Popen[Any]) -> dict[str, float]:
        """What a process of simulated workers has sent by now."""
        process.stdin.write("\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def end(self, process: subprocess.Popen[Any]) -> None:
        """End a process of this ground, politely first."""
        if process in self.started:
            self.started.remove(process)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def end_strays(self) -> None:
        """End what processes of this ground have started: it carries our runtime directory."""
        mark = f"HEADWAY_RUNTIME_DIR={self.runtime}\0".encode()
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as environ:
                    ours = mark in environ.read()
                if ours:
                    os.kill(int(name), signal.SIGKILL)
            except OSError:
                continue
