"""The experiment: workers and viewers, kept at their number while faults are injected."""

from __future__ import annotations

import argparse
import os
import random
import signal
import threading
import time
from typing import Any, Collection

from benches.resources import peak_rss

from chaos_testing.checker import Circumstances, Run
from chaos_testing.fault_injection import FaultInjector
from chaos_testing.observer import OPEN, Observer
from chaos_testing.outcomes import Outcomes
from chaos_testing.sandbox import ChaosSandbox
from headway.protocol.endpoint import SPOOL
from headway.protocol.messages import Announce, Share
from headway_broker.shell.spool import frames

KINDS = {  # of workers → how often each is started
    "steady": 10, "short": 6, "slow": 3, "threaded": 3, "event_loop": 3, "forker": 5,
    "burst": 20, "hard_exit": 1, "run": 4, "odd": 4, "pool": 1,
}  # fmt: skip
VIEWERS = (
    ("view", "--display", "json"),
    ("view", "--display", "plain"),
    ("view", "--display", "json", "--until-done"),
    ("wait",),
    ("ps",),
    ("ps", "--json"),
)
TURN = 0.02  # seconds between two looks at the population
SURVEY = 0.2  # seconds between two looks at what runs, and at the broker's memory
STARTING = 0.1  # seconds between two starts: an interpreter's is the most expensive of it all
CROWD = 6  # times the number of workers: while more live, faults that start programs wait
UNDISTURBED = 2.0  # seconds before the first fault
SETTLING = 120.0  # seconds at most in which workers end once there are no more faults
ARRIVING = 60.0  # seconds at most in which their ends arrive after that


class Experiment:
    """Workers and viewers in a sandbox, and what became of them."""

    def __init__(self, sandbox: ChaosSandbox, options: argparse.Namespace) -> None:
        self.sandbox = sandbox
        self.options = options
        self.rng = random.Random(options.seed)
        self.outcomes = Outcomes()
        self.observer = Observer(sandbox)
        self.injector = FaultInjector(sandbox, self.rng, self.outcomes)
        self.injector.start_worker = self.start_worker
        self.injector.running = self.observer.running
        if options.only:
            self.injector.only(options.only)
        self.workers: list[Any] = []
        self.viewers: list[Any] = []
        self.runs: dict[Any, Run] = {}
        self.started = 0
        self.brokers: dict[int, int] = {}  # pid → its peak memory
        self._exited: dict[Any, float] = {}  # process → when it did
        self._surveyed = 0.0
        self._interrupted = False
        threading.Thread(target=self._watch_exits, daemon=True).start()

    def start_worker(self, kind: str) -> None:
        """Start a worker of a kind."""
        self.started += 1
        if kind == "run":
            self._start_run(f"run {self.started}")
            return
        seed = f"{self.options.seed}-{self.started}"
        self.workers.append(self.sandbox.python("-m", "chaos_testing.worker", kind, seed))

    def _start_run(self, name: str) -> None:
        pause, status = self.rng.random(), self.rng.choice((0, 0, 0, 7))
        script = f"for i in 1 2 3; do echo line $i; sleep {pause:.2f}; done; exit {status}"
        process = self.sandbox.headway("run", "--name", name, "--", "sh", "-c", script)
        self.workers.append(process)
        self.runs[process] = Run(name, process.pid, time.monotonic())

    def _watch_exits(self) -> None:
        # On a thread of its own: starting processes keeps the other one busy for too long.
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while True:
            time.sleep(0.01)
            for process in list(self.workers):
                try:
                    if process not in self._exited and os.waitid(os.P_PID, process.pid, look):
                        self._exited[process] = time.monotonic()
                except ChildProcessError:
                    continue

    def run(self) -> None:
        """Inject faults for as long as was asked for, or until SIGINT; then let everything end."""
        until = time.monotonic() + 60 * self.options.minutes
        next_fault = time.monotonic() + UNDISTURBED
        next_start = 0.0
        signal.signal(signal.SIGINT, self._stop_early)
        while time.monotonic() < until and not self._interrupted:
            now = time.monotonic()
            if now >= next_start:
                next_start = now + STARTING
                self._populate()
            if now >= next_fault:
                next_fault = now + self.rng.expovariate(self.options.rate)
                self.injector.crowded = len(self.workers) > CROWD * self.options.workers
                self.injector.inject()
            self._turn()
        self._settle()

    def _stop_early(self, _number: int, _frame: object) -> None:
        print("interrupted: what runs may end, then the report comes", flush=True)
        self._interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _populate(self) -> None:
        stopped = self.injector.stopped
        if sum(process.pid not in stopped for process in self.workers) < self.options.workers:
            self.start_worker(self.rng.choices(list(KINDS), list(KINDS.values()))[0])
        if len(self.viewers) < self.options.viewers:
            self.viewers.append(self.sandbox.headway(*self.rng.choice(VIEWERS)))

    def _turn(self) -> None:
        """Wait a moment, and record which processes have exited."""
        time.sleep(TURN)
        now = time.monotonic()
        for process in list(self.workers):
            status = process.poll()
            if status is not None:
                self.workers.remove(process)
                self._record_exit(process, self._exited.pop(process, now), status)
        self.viewers = [process for process in self.viewers if process.poll() is None]
        self.injector.tick()
        if now - self._surveyed > SURVEY:
            self._surveyed = now
            self._survey()

    def _record_exit(self, process: Any, at: float, status: int) -> None:
        self.outcomes.exit(process.pid, at, status)
        self.sandbox.note(f"exit {process.pid} with {status} at {at:.3f}")
        if process in self.runs:
            self.runs[process].status = status
            self.runs[process].ended = at

    def _survey(self) -> None:
        self.injector.workers = self._reporting()
        self.injector.viewers = [process.pid for process in self.viewers]
        broker = self.sandbox.broker_pid()
        if broker is not None:
            self.brokers[broker] = max(self.brokers.get(broker, 0), peak_rss(broker))

    def _reporting(self) -> list[int]:
        # By their journals, for some are forked children of others.
        pids = {int(name.split("-")[0]) for name in os.listdir(self.sandbox.journals)}
        pids.update(process.pid for process in self.workers)
        return sorted(pid for pid in pids if os.path.exists(f"/proc/{pid}"))

    def _settle(self) -> None:
        """Inject nothing more; return when all workers have ended and every end has arrived."""
        self.injector.finish()
        until = time.monotonic() + SETTLING
        while time.monotonic() < until and self.workers:
            self._turn()
        for process in self.workers:
            self.outcomes.kill(process.pid, time.monotonic())
            process.kill()
            self._record_exit(process, time.monotonic() + 1.0, process.wait())
        self.workers = []
        until = time.monotonic() + ARRIVING
        while time.monotonic() < until:
            listing = self.sandbox.query("ps", "--json")
            if listing and self._arrived(listing["operations"]):
                break
            self._turn()
        self.observer.wait_until_quiet(2.0, ARRIVING)

    def _arrived(self, operations: list[dict[str, Any]]) -> bool:
        """Return whether all has ended, the observer was shown it, and no file waits for it."""
        shown = self.observer.shown
        known = {one["id"]: one["state"] for one in operations}
        if any(state in OPEN for state in known.values()):
            return False
        seen = (shown.get(identity, {}).get("state") == known[identity] for identity in known)
        return all(seen) and not self.waiting_files(known)

    def waiting_files(self, known: Collection[str]) -> list[str]:
        """Return the files of the spool that wait for a broker.

        ExitSpool out are those of which only shares in operations that nobody announces remain, for
        these are kept for an hour.
        """
        folder = os.path.join(self.sandbox.runtime, SPOOL)
        waiting: list[str] = []
        try:
            names = os.listdir(folder)
        except FileNotFoundError:
            return []
        for name in names:
            if name.endswith(".tmp"):
                continue  # its process was killed in the middle of it
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    found, _ = frames(file.read())
            except FileNotFoundError:
                continue
            ends = (one.operation[0] in known for one in found if isinstance(one, Announce))
            shares = [one for one in found if isinstance(one, Share)]
            if not shares or not all(ends) or any(one.operation in known for one in shares):
                waiting.append(name)
        return waiting

    def circumstances(self) -> Circumstances:
        """Return what excuses a loss."""
        injector = self.injector
        return Circumstances(self.outcomes, injector.outages, injector.full, injector.cancelled)
