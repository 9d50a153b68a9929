"""Fault injection: every fault is a method that begins it, and plans its end if it lasts."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections import Counter
from typing import Any, Callable, Collection, NamedTuple

from chaos_testing.news import News
from chaos_testing.outcomes import LONGEST, Interval, Outcomes
from chaos_testing.sandbox import ChaosSandbox

HOGS = 3  # processes that take the processors from exits that are to starve
COLD = 3  # programs that begin something at the moment at which there is no broker any more
UNSTORED = 3.0  # seconds in which a history that has room again has taken all that waited for it
FARTHEST = 1500.0  # seconds of clock skew at most: ended operations are kept for an hour


class Fault(NamedTuple):
    """A fault: how often it is chosen, its name, and the method that injects it if it can."""

    weight: int
    name: str
    inject: Callable[[], bool]


class Ending(NamedTuple):
    """When a fault that lasts is due to end, and what ends it."""

    due: float
    end: Callable[[], None]


class FaultInjector:
    """Injects faults into the processes of a sandbox, and records them.

    `outages` are the times in which no broker could hear, or in which what it heard was in its
    memory only, as the disk of the history was full, and it ended; `full` those in which the disk
    of the runtime directory took nothing.
    """

    def __init__(self, sandbox: ChaosSandbox, rng: random.Random, outcomes: Outcomes) -> None:
        self.sandbox = sandbox
        self.rng = rng
        self.outcomes = outcomes
        self.injected: Counter[str] = Counter()
        self.left_out: set[str] = set()
        self.cancelled: set[str] = set()  # ids of operations that were requested to cancel
        self.outages: list[Interval] = []
        self.full: list[Interval] = []
        self.workers: list[int] = []  # pids that may be chosen
        self.viewers: list[int] = []
        self.start_worker: Callable[[str], Any] = lambda _kind: None  # starts another worker
        self.crowded = False  # so many live that more would only wait for a processor
        self.running: Callable[[], list[str]] = list  # ids of operations that run
        self.news = News(sandbox, rng)
        self.stopping: list[Any] = []  # `headway broker stop`, which may take its time
        self._endings: list[Ending] = []
        self._unstored_since: float | None = None
        self._stopped: dict[int, float] = {}
        self._went_on: dict[int, float] = {}
        self._deaf_since: float | None = time.monotonic()
        self._runtime_full = False
        self._state_full = False
        self._full_since = 0.0
        self.faults = [
            Fault(20, "SIGKILL worker", self.kill_worker),
            Fault(4, "SIGTERM worker", self.terminate_worker),
            Fault(12, "SIGSTOP worker", self.stop_worker),
            Fault(6, "SIGKILL viewer", self.kill_viewer),
            Fault(6, "SIGSTOP viewer", self.stop_viewer),
            Fault(7, "SIGKILL broker", self.kill_broker),
            Fault(4, "SIGSTOP broker", self.stop_broker),
            Fault(2, "SIGTERM broker", self.terminate_broker),
            Fault(2, "broker told to stop", self.tell_broker_to_stop),
            Fault(2, "sockets removed", self.remove_sockets),
            Fault(2, "broker and 5 workers at once", self.kill_broker_and_workers),
            Fault(4, "wall clock jumps", self.skew_clock),
            Fault(3, "state disk full", self.fill_state),
            Fault(3, "runtime disk full", self.fill_runtime),
            Fault(4, "garbage flood", self.start_hostile_peer),
            Fault(4, "valid flood", self.start_flood),
            Fault(5, "20 short programs at once", self.start_short_programs),
            Fault(5, "cancel", self.cancel),
            Fault(6, "starved exits", self.starve_exits),
            Fault(5, f"{COLD} cold programs", self.start_cold_programs),
        ]

    @property
    def stopped(self) -> Collection[int]:
        """Return the processes that are stopped just now."""
        return self._stopped.keys()

    def only(self, words: list[str]) -> None:
        """Restrict the faults to those whose name contains one of the words."""
        self.faults = [one for one in self.faults if any(word in one.name for word in words)]

    def inject(self) -> None:
        """Inject one fault, unless the chosen one cannot be just now."""
        fault = self.rng.choices(self.faults, [one.weight for one in self.faults])[0]
        if fault.inject():
            self.injected[fault.name] += 1
            self.sandbox.note(fault.name)

    def tick(self) -> None:
        """End the faults that are due, and record an outage once a broker hears again."""
        now = time.monotonic()
        self._take_over()
        for ending in [one for one in self._endings if one.due <= now]:
            self._endings.remove(ending)
            ending.end()
        self._continue_again(now)
        if (
            self._deaf_since is not None
            and not self._broker_stopped()
            and self.sandbox.broker_pid() is not None
            and self._accepts()
        ):
            begun = min(self._deaf_since, self._unstored_since or self._deaf_since)
            self.outages.append(Interval(begun, now))
            self._deaf_since = None

    def _take_over(self) -> None:
        """Take over what was done about the news of workers."""
        for deed in self.news.take():
            if deed.broker:
                self.injected["broker beside a cold program"] += 1
                self._deaf(deed.at)
            elif deed.number == signal.SIGKILL:
                self.injected["cold program"] += 1
                self.outcomes.kill(deed.pid, deed.at)
                self._continue(deed.pid)
            elif deed.pid not in self._stopped:
                self.injected["SIGSTOP in an exit"] += 1
                self._stopped[deed.pid] = deed.at
                left = deed.at + deed.seconds - time.monotonic()
                self._after(left, lambda pid=deed.pid: self._continue(pid))
            else:
                continue
            name = signal.Signals(deed.number).name
            self.sandbox.note(f"{name} to {deed.pid} on its news, at {deed.at:.3f}")

    def finish(self) -> None:
        """End every fault that lasts."""
        self.news.outside = 0.0
        for process in self.stopping:  # one that comes late would end the last broker
            process.kill()
        for ending in list(self._endings):
            ending.end()
        self._endings.clear()

    # Processes.

    def kill_worker(self) -> bool:
        """Kill a worker."""
        return self._kill(signal.SIGKILL)

    def terminate_worker(self) -> bool:
        """Terminate a worker, which does not expect it."""
        return self._kill(signal.SIGTERM)

    def _kill(self, number: int) -> bool:
        pid = self._pick(self.workers)
        if pid is None or not self.sandbox.signal(pid, number):
            return False
        self.outcomes.kill(pid, time.monotonic())
        self._continue(pid)
        return True

    def stop_worker(self) -> bool:
        """Stop a worker for a while: for longer than 6 s it is silent."""
        return self._stop(self._pick(self.workers), self.rng.choice((0.3, 1.0, 3.0, 8.0)))

    def kill_viewer(self) -> bool:
        """Kill a viewer."""
        pid = self._pick(self.viewers)
        return pid is not None and self.sandbox.signal(pid, signal.SIGKILL)

    def stop_viewer(self) -> bool:
        """Stop a viewer for a while."""
        return self._stop(self._pick(self.viewers), self.rng.choice((1.0, 5.0, 10.0)))

    def kill_broker(self) -> bool:
        """Kill the broker."""
        return self._end_broker(lambda pid: self.sandbox.signal(pid, signal.SIGKILL))

    def terminate_broker(self) -> bool:
        """Terminate the broker."""
        return self._end_broker(lambda pid: self.sandbox.signal(pid, signal.SIGTERM))

    def tell_broker_to_stop(self) -> bool:
        """Run `headway broker stop`."""

        def stop(_pid: int) -> bool:
            self.stopping.append(self.sandbox.headway("broker", "stop"))
            return True

        return self._end_broker(stop)

    def _end_broker(self, end: Callable[[int], bool]) -> bool:
        pid = self.sandbox.broker_pid()
        if pid is None or self._runtime_full or not end(pid):
            return False
        self._deaf()
        return True

    def stop_broker(self) -> bool:
        """Stop the broker for a while."""
        pid = self.sandbox.broker_pid()
        if self._runtime_full or not self._stop(pid, self.rng.choice((0.2, 1.0, 3.0, 9.0))):
            return False
        self._deaf()
        return True

    def kill_broker_and_workers(self) -> bool:
        """Kill the broker and five workers at the same moment."""
        if not self.kill_broker():
            return False
        for _ in range(5):
            self.kill_worker()
        return True

    def remove_sockets(self) -> bool:
        """Remove the sockets, as who cleans up a directory does."""
        if self._runtime_full:
            return False
        for name in ("report.sock", "follow.sock"):
            try:
                os.unlink(os.path.join(self.sandbox.runtime, name))
            except FileNotFoundError:
                pass
        self._deaf()
        return True

    def start_short_programs(self) -> bool:
        """Start twenty short programs at once."""
        if self.crowded:
            return False
        for _ in range(20):
            self.start_worker("short")
        return True

    def start_flood(self) -> bool:
        """Start a worker that sends as much as it can."""
        self.start_worker("flood")
        return True

    def start_hostile_peer(self) -> bool:
        """Start a peer that sends mutated frames as fast as it can."""
        self.sandbox.python(
            "-m", "chaos_testing.hostile_peer", self.sandbox.runtime, str(self.rng.random()), "1.5"
        )
        return True

    def cancel(self) -> bool:
        """Cancel an operation, as a person does."""
        # What a mutated frame opened may have an id that no argument of a command can be.
        running = [identity for identity in self.running() if identity.isprintable()]
        if not running:
            return False
        chosen = self.rng.choice(running)
        self.cancelled.add(chosen)
        self.sandbox.headway("cancel", chosen, "--reason", "chaos")
        return True

    def start_cold_programs(self) -> bool:
        """Start programs that lose the broker as they begin, and are killed soon (`news`)."""
        if self._runtime_full or self.crowded:
            return False
        for _ in range(COLD):
            self.start_worker("cold")
        return True

    # The machine.

    def starve_exits(self) -> bool:
        """Let programs that end for a while have the lowest priority, beside busy processes."""
        if os.path.exists(self.sandbox.starved):
            return False
        with open(self.sandbox.starved, "w", encoding="ascii"):
            pass
        hogs = [self.sandbox.start("sh", "-c", "while :; do :; done") for _ in range(HOGS)]

        def end() -> None:
            os.unlink(self.sandbox.starved)
            for hog in hogs:
                hog.kill()
            # On a busy machine they would need minutes, as would a broker that one has started.
            for pid in self.sandbox.pids():
                for thread in self.sandbox.threads(pid):
                    try:
                        os.setpriority(os.PRIO_PROCESS, thread, 0)
                    except OSError:
                        continue  # it has ended, or only root may

        self._after(self.rng.choice((1.0, 3.0)), end)
        return True

    def skew_clock(self) -> bool:
        """Let the wall clock of every process here jump, back or forth."""
        with open(self.sandbox.clock, "w", encoding="ascii") as file:
            file.write(str(self.rng.uniform(-FARTHEST, FARTHEST)))
        return True

    def fill_state(self) -> bool:
        """Fill the disk of the history for a while."""
        return not self._runtime_full and self._fill(
            self.sandbox.state, self.rng.choice((0.5, 2.0, 5.0))
        )

    def fill_runtime(self) -> bool:
        """Fill the disk of the runtime directory for a while, if a broker hears and can write.

        With neither a broker nor space there is nowhere to leave a final state.
        """
        busy = (
            self._runtime_full
            or self._deaf_since is not None
            or self._state_full
            or self._broker_stopped()
        )
        if busy or self.sandbox.broker_pid() is None:
            return False
        self._runtime_full = True
        self._full_since = time.monotonic()
        if not self._fill(self.sandbox.runtime, self.rng.choice((0.5, 2.0))):
            self._runtime_full = False
            return False
        return True

    def _fill(self, folder: str, seconds: float) -> bool:
        if folder not in self.sandbox.mounted:
            self.left_out.add("full disk (needs root, to mount small file systems)")
            return False
        if folder == self.sandbox.state and not self._state_full:
            self._state_full, self._unstored_since = True, time.monotonic()
        self.sandbox.fill(folder)
        self._after(seconds, lambda: self._free(folder))
        return True

    def _free(self, folder: str) -> None:
        self.sandbox.free(folder)
        if folder == self.sandbox.state:
            self._state_full = False
            self._after(UNSTORED, self._store_again)
        else:
            self._runtime_full = False
            self.full.append(Interval(self._full_since, time.monotonic()))
        self.sandbox.note(f"room again in {os.path.basename(folder)}")

    def _store_again(self) -> None:
        if not self._state_full:
            self._unstored_since = None

    # Stopping and going on.

    def _stop(self, pid: int | None, seconds: float) -> bool:
        if pid is None or pid in self._stopped or not self.sandbox.signal(pid, signal.SIGSTOP):
            return False
        self._stopped[pid] = time.monotonic()
        self._after(seconds, lambda: self._continue(pid))
        return True

    def _continue(self, pid: int) -> None:
        begun = self._stopped.pop(pid, None)
        if begun is not None:
            self.sandbox.signal(pid, signal.SIGCONT)
            self._went_on[pid] = time.monotonic()
            self.outcomes.stop(pid, begun, self._went_on[pid])

    def _continue_again(self, now: float) -> None:
        """Let go on what has stopped itself later than it was let go on.

        It tells of its stop before it stops, and a starved process comes to that seconds later.
        """
        for pid, since in list(self._went_on.items()):
            if pid in self._stopped:
                del self._went_on[pid]
            elif self.sandbox.is_stopped(pid):
                self.sandbox.signal(pid, signal.SIGCONT)
                self.outcomes.stop(pid, since, now)
            elif now - since > LONGEST:
                del self._went_on[pid]

    def _after(self, seconds: float, end: Callable[[], None]) -> None:
        self._endings.append(Ending(time.monotonic() + seconds, end))

    def _pick(self, pids: list[int]) -> int | None:
        alive = [pid for pid in pids if pid not in self._stopped and self.sandbox.owns(pid)]
        return self.rng.choice(alive) if alive else None

    def _deaf(self, since: float | None = None) -> None:
        if self._deaf_since is None:
            self._deaf_since = time.monotonic() if since is None else since

    def _broker_stopped(self) -> bool:
        pid = self.sandbox.broker_pid()
        return pid is not None and pid in self._stopped

    def _accepts(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(0.5)
            try:
                probe.connect(os.path.join(self.sandbox.runtime, "report.sock"))
            except OSError:
                return False
            return True
