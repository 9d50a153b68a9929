"""A sandbox: private directories, an environment that names them, and the processes in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable

import zmq

from benches.simulated_peers import Snapshot, Viewer
from headway.model import Operation
from headway_broker.state.quotas import OPEN_LIMIT, STAGES_LIMIT

SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DROPPED = ("CI", "PYTHONPATH", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
STARTING = 60.0  # seconds for a process to listen, on a machine that has much else to do
KILLING = 5.0  # seconds in which the kernel has ended whatever got a SIGKILL


def wait_for(happened: Callable[[], object], seconds: float, what: str) -> None:
    """Return when `happened` is true; raise `TimeoutError` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)


def wait_for_number(
    number: Callable[[], int], wanted: int, what: str, patience: float = 30
) -> None:
    """Return when `number` is `wanted`; raise `TimeoutError` if it stays `patience` seconds.

    However slow the machine is just now: what grows goes on.
    """
    seen, since = -1, time.monotonic()
    while (found := number()) < wanted:
        if found != seen:
            seen, since = found, time.monotonic()
        if time.monotonic() - since > patience:
            raise TimeoutError(f"{what}: {found} of {wanted}, and no more for {patience} s")
        time.sleep(0.02)


class Sandbox:
    """A runtime directory and a state directory that nobody else uses, and what runs in them.

    Every process that runs here carries the runtime directory in its environment: that is how
    those which other processes started are found and ended, by their ids, when the block is left.
    """

    def __init__(self, prefix: str = "hwb-") -> None:
        self.directory = tempfile.mkdtemp(prefix=prefix, dir="/tmp")
        self.runtime = os.path.join(self.directory, "run")
        self.state = os.path.join(self.directory, "state")
        for folder in (self.runtime, self.state):
            os.mkdir(folder, 0o700)
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HEADWAY") and name not in DROPPED
        }
        self.environ.update(
            HEADWAY_RUNTIME_DIR=self.runtime,
            HEADWAY_STATE_DIR=self.state,
            PYTHONPATH=SCRIPTS,
            PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
            TERM="xterm-256color",
        )
        self.started: list[subprocess.Popen[Any]] = []
        self._mark = f"HEADWAY_RUNTIME_DIR={self.runtime}\0".encode()

    def __enter__(self) -> Sandbox:  # noqa: PYI034 - Self is not in 3.8
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.started):
            self.end(process)
        self.kill_all()
        shutil.rmtree(self.directory, ignore_errors=True)

    # Processes.

    def start(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a process in the sandbox."""
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(command, env=self.environ, **options)
        self.started.append(process)
        return process

    def python(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a Python process; `arguments` are the interpreter's."""
        return self.start(sys.executable, *arguments, **options)

    def headway(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a `headway` command."""
        return self.python("-m", "headway", *arguments, **options)

    def program(self, name: str, *arguments: object, **options: Any) -> subprocess.Popen[Any]:
        """Start a module of `benches.programs`; its standard output is a pipe of text."""
        options = {"stdout": subprocess.PIPE, "text": True, **options}
        return self.python("-m", f"benches.programs.{name}", *map(str, arguments), **options)

    def broker(self, *under: str) -> subprocess.Popen[Any]:
        """Start the broker (`under` another module, such as a profiler); return when it listens."""
        with open(os.path.join(self.directory, "broker.log"), "wb") as log:
            process = self.python(*under, "-m", "headway_broker", "run", stdout=log, stderr=log)
        socket = os.path.join(self.runtime, "report.sock")
        wait_for(
            lambda: os.path.exists(socket) or process.poll() is not None,
            STARTING,
            "a listening broker",
        )
        if process.poll() is not None:
            with open(os.path.join(self.directory, "broker.log"), encoding="utf-8") as log:
                raise RuntimeError(f"the broker ended with {process.returncode}: {log.read()}")
        return process

    def minimal_receiver(self) -> subprocess.Popen[Any]:
        """Start the minimal receiver in the broker's place; return when it listens."""
        process = self.program("minimal_receiver", self.runtime)
        socket = os.path.join(self.runtime, "report.sock")
        wait_for(lambda: os.path.exists(socket), STARTING, "a listening receiver")
        return process

    def viewers(self, count: int, kind: str = "viewers") -> subprocess.Popen[Any]:
        """Start a process of simulated viewers; return when each has its snapshot.

        Of the kind "screens", they follow what a screen can show.
        """
        return self._ready("load_generator", kind, self.runtime, count)

    def workers(
        self, first: int, sessions: int, operations: int, stages: int, rate: float
    ) -> list[subprocess.Popen[Any]]:
        """Start processes of simulated workers; return them when the broker knows all of them.

        No process has more than half of what the broker keeps of one (`state.quotas`).
        """
        within = max(1, min(OPEN_LIMIT // operations, STAGES_LIMIT // (operations * stages)) // 2)
        return [
            self._ready(
                "load_generator",
                "workers",
                self.runtime,
                begin,
                min(within, first + sessions - begin),
                operations,
                stages,
                rate,
            )
            for begin in range(first, first + sessions, within)
        ]

    def saturating_sender(self, number: int, stages: int, batch: int) -> subprocess.Popen[Any]:
        """Start a worker that sends without pause; return when it is ready to."""
        return self._ready("saturating_sender", self.runtime, number, stages, batch)

    def _ready(self, program: str, *arguments: object) -> subprocess.Popen[Any]:
        process = self.program(program, *arguments, stdin=subprocess.PIPE)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{program} {arguments} did not get ready")
        return process

    def progress_of(self, process: subprocess.Popen[Any]) -> dict[str, Any]:
        """Return what a process of the load generator has sent or received so far."""
        process.stdin.write("\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def end(self, process: subprocess.Popen[Any]) -> None:
        """Terminate a process that was started here; kill it after 5 s."""
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

    def owns(self, pid: int) -> bool:
        """Return whether `pid` runs here, and is not a later process of the same id."""
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ:
                return self._mark in environ.read()
        except OSError:
            return False

    def pids(self) -> list[int]:
        """Return the ids of all processes that run here, whoever started them."""
        found = (int(name) for name in os.listdir("/proc") if name.isdigit())
        return [pid for pid in found if pid != os.getpid() and self.owns(pid)]

    def signal(self, pid: int, number: int) -> bool:
        """Send a signal to `pid` if it runs here; return whether it was sent."""
        try:
            if self.owns(pid):
                os.kill(pid, number)
                return True
        except OSError:
            pass
        return False

    def kill_all(self) -> None:
        """Kill all that still runs here, and what those start until they are gone."""
        deadline = time.monotonic() + KILLING
        while self._kill_once() and time.monotonic() < deadline:
            time.sleep(0.01)

    def _kill_once(self) -> bool:
        pids = self.pids()
        for pid in pids:
            self.signal(pid, signal.SIGKILL)
        return bool(pids)

    # What the broker knows.

    def broker_pid(self) -> int | None:
        """Return the pid of the broker that holds the lock, or None."""
        try:
            with open(os.path.join(self.runtime, "broker.lock"), encoding="ascii") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return None
        return pid if self.owns(pid) else None

    def operations(self) -> list[Operation]:
        """Return every operation that the broker knows."""
        return self.snapshot().operations

    def snapshot(self) -> Snapshot:
        """Take a snapshot as a viewer does that attaches now."""
        context = zmq.Context()
        viewer = Viewer(context, f"ipc://{self.runtime}/follow.sock")
        try:
            return viewer.take_snapshot()
        finally:
            viewer.close()
            context.term()

    def settled(self) -> bool:
        """Return whether the broker knows operations, and none of them is open."""
        operations = self.operations()
        return bool(operations) and not any(one.open for one in operations)
