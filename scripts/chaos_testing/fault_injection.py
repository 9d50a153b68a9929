"""The faults: each a function that does something to an arena, and plans how it ends."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections import Counter
from typing import Any, Callable

from chaos_testing.checker import Fates
from chaos_testing.sandbox import Arena

FARTHEST = 1500.0  # seconds that the wall clock is off at most: ended operations stay an hour


class Mischief:
    """Does faults to the processes of an arena, and keeps account of them.

    `outages` are the times in which no broker could hear, `full` those in which the disk of the
    runtime directory took nothing, as (begun, ended).
    """

    def __init__(self, arena: Arena, dice: random.Random, fates: Fates) -> None:
        self.arena = arena
        self.dice = dice
        self.fates = fates
        self.done: Counter[str] = Counter()
        self.left_out: set[str] = set()
        self.outages: list[tuple[float, float]] = []
        self.full: list[tuple[float, float]] = []
        self.workers: list[int] = []  # pids that may be hurt
        self.viewers: list[int] = []
        self.launch: Callable[[str], Any] = lambda _kind: None  # starts another worker
        self.running: Callable[[], list[str]] = list  # ids of operations that run
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._stopped: dict[int, float] = {}
        self._deaf_since: float | None = time.monotonic()
        self._runtime_full = False
        self._state_full = False
        self._full_since = 0.0
        self.table: list[tuple[int, str, Callable[[], bool]]] = [
            (20, "SIGKILL worker", self.kill_worker),
            (4, "SIGTERM worker", self.terminate_worker),
            (12, "SIGSTOP worker", self.stop_worker),
            (6, "SIGKILL viewer", self.kill_viewer),
            (6, "SIGSTOP viewer", self.stop_viewer),
            (7, "SIGKILL broker", self.kill_broker),
            (4, "SIGSTOP broker", self.stop_broker),
            (2, "SIGTERM broker", self.terminate_broker),
            (2, "broker told to stop", self.tell_broker_to_stop),
            (2, "sockets removed", self.remove_sockets),
            (2, "broker and 5 workers at once", self.massacre),
            (4, "wall clock jumps", self.jump),
            (3, "state disk full", self.fill_state),
            (3, "runtime disk full", self.fill_runtime),
            (4, "garbage flood", self.garbage),
            (4, "valid flood", self.flood),
            (5, "20 short programs at once", self.rush),
            (5, "cancel", self.cancel),
        ]

    def only(self, words: list[str]) -> None:
        """Do no other faults than those in whose name one of the words stands."""
        self.table = [row for row in self.table if any(word in row[1] for word in words)]

    def one(self) -> None:
        """Do one fault."""
        weights = [weight for weight, _, _ in self.table]
        _, name, act = self.dice.choices(self.table, weights)[0]
        if act():
            self.done[name] += 1
            self.arena.note(name)

    def tick(self) -> None:
        """End what is due to end, and notice when a broker hears again."""
        now = time.monotonic()
        for due, end in [item for item in self._later if item[0] <= now]:
            self._later.remove((due, end))
            end()
        if (
            self._deaf_since is not None
            and not self._broker_stopped()
            and self.arena.broker() is not None
            and self._hears()
        ):
            self.outages.append((self._deaf_since, now))
            self._deaf_since = None

    def finish(self) -> None:
        """End every fault that lasts."""
        for _, end in list(self._later):
            end()
        self._later.clear()

    # Processes.

    def kill_worker(self) -> bool:
        """SIGKILL one."""
        return self._kill(signal.SIGKILL)

    def terminate_worker(self) -> bool:
        """SIGTERM one, which does not expect it."""
        return self._kill(signal.SIGTERM)

    def _kill(self, number: int) -> bool:
        pid = self._pick(self.workers)
        if pid is None or not self.arena.signal(pid, number):
            return False
        self.fates.kill(pid, time.monotonic())
        self._continue(pid)
        return True

    def stop_worker(self) -> bool:
        """SIGSTOP one for a while: silent, if it is for long."""
        return self._stop(self._pick(self.workers), self.dice.choice((0.3, 1.0, 3.0, 8.0)))

    def kill_viewer(self) -> bool:
        """SIGKILL one."""
        pid = self._pick(self.viewers)
        return pid is not None and self.arena.signal(pid, signal.SIGKILL)

    def stop_viewer(self) -> bool:
        """SIGSTOP one for a while."""
        return self._stop(self._pick(self.viewers), self.dice.choice((1.0, 5.0, 10.0)))

    def kill_broker(self) -> bool:
        """SIGKILL it."""
        return self._end_broker(lambda pid: self.arena.signal(pid, signal.SIGKILL))

    def terminate_broker(self) -> bool:
        """SIGTERM it."""
        return self._end_broker(lambda pid: self.arena.signal(pid, signal.SIGTERM))

    def tell_broker_to_stop(self) -> bool:
        """`headway broker stop`."""

        def stop(_pid: int) -> bool:
            self.arena.headway("broker", "stop")
            return True

        return self._end_broker(stop)

    def _end_broker(self, end: Callable[[int], bool]) -> bool:
        pid = self.arena.broker()
        if pid is None or self._runtime_full or not end(pid):
            return False
        self._deaf()
        return True

    def stop_broker(self) -> bool:
        """SIGSTOP it for a while."""
        pid = self.arena.broker()
        if self._runtime_full or not self._stop(pid, self.dice.choice((0.2, 1.0, 3.0, 9.0))):
            return False
        self._deaf()
        return True

    def massacre(self) -> bool:
        """The broker and some workers at the same moment."""
        if not self.kill_broker():
            return False
        for _ in range(5):
            self.kill_worker()
        return True

    def remove_sockets(self) -> bool:
        """Somebody cleans up the runtime directory."""
        if self._runtime_full:
            return False
        for name in ("report.sock", "follow.sock"):
            try:
                os.unlink(os.path.join(self.arena.runtime, name))
            except FileNotFoundError:
                pass
        self._deaf()
        return True

    def rush(self) -> bool:
        """Short programs, all at once."""
        for _ in range(20):
            self.launch("short")
        return True

    def flood(self) -> bool:
        """A worker that sends as much as it can."""
        self.launch("flood")
        return True

    def garbage(self) -> bool:
        """A peer that sends frames of nonsense as fast as it can."""
        self.arena.python(
            "-m", "chaos_testing.hostile_peer", self.arena.runtime, str(self.dice.random()), "1.5"
        )
        return True

    def cancel(self) -> bool:
        """Ask some operation to end, as a person would."""
        # What garbage opened has any id: not all can be an argument of a command.
        running = [identity for identity in self.running() if identity.isprintable()]
        if not running:
            return False
        self.arena.headway("cancel", self.dice.choice(running), "--reason", "chaos")
        return True

    # The machine.

    def jump(self) -> bool:
        """The wall clock jumps, back or forth, for every process here."""
        with open(self.arena.clock, "w", encoding="ascii") as file:
            file.write(str(self.dice.uniform(-FARTHEST, FARTHEST)))
        return True

    def fill_state(self) -> bool:
        """The disk of the history is full for a while."""
        return not self._runtime_full and self._fill(
            self.arena.state, self.dice.choice((0.5, 2.0, 5.0))
        )

    def fill_runtime(self) -> bool:
        """The disk of the runtime directory is full, while a broker hears and can write.

        (With neither a broker nor space there is nowhere to leave a final state.)
        """
        busy = (
            self._runtime_full
            or self._deaf_since is not None
            or self._state_full
            or self._broker_stopped()
        )
        if busy or self.arena.broker() is None:
            return False
        self._runtime_full = True
        self._full_since = time.monotonic()
        if not self._fill(self.arena.runtime, self.dice.choice((0.5, 2.0))):
            self._runtime_full = False
            return False
        return True

    def _fill(self, folder: str, seconds: float) -> bool:
        if folder not in self.arena.mounted:
            self.left_out.add("full disk (needs root, to mount small file systems)")
            return False
        self._state_full = self._state_full or folder == self.arena.state
        self.arena.fill(folder)
        self._after(seconds, lambda: self._empty(folder))
        return True

    def _empty(self, folder: str) -> None:
        self.arena.empty(folder)
        if folder == self.arena.state:
            self._state_full = False
        else:
            self._runtime_full = False
            self.full.append((self._full_since, time.monotonic()))
        self.arena.note(f"room again in {os.path.basename(folder)}")

    # Stopping and going on.

    def _stop(self, pid: int | None, seconds: float) -> bool:
        if pid is None or pid in self._stopped or not self.arena.signal(pid, signal.SIGSTOP):
            return False
        self._stopped[pid] = time.monotonic()
        self._after(seconds, lambda: self._continue(pid))
        return True

    def _continue(self, pid: int) -> None:
        begun = self._stopped.pop(pid, None)
        if begun is not None:
            self.arena.signal(pid, signal.SIGCONT)
            self.fates.stop(pid, begun, time.monotonic())

    def _after(self, seconds: float, end: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, end))

    def _pick(self, pids: list[int]) -> int | None:
        alive = [pid for pid in pids if pid not in self._stopped and self.arena.ours(pid)]
        return self.dice.choice(alive) if alive else None

    def _deaf(self) -> None:
        if self._deaf_since is None:
            self._deaf_since = time.monotonic()

    def _broker_stopped(self) -> bool:
        pid = self.arena.broker()
        return pid is not None and pid in self._stopped

    def _hears(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(0.5)
            try:
                probe.connect(os.path.join(self.arena.runtime, "report.sock"))
            except OSError:
                return False
            return True
