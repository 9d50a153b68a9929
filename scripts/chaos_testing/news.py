"""The news that workers tell the experiment, and what is done about them at once.

On a thread of its own, as it has to be done within an exit: the main one starts processes, which
keeps it busy for too long. What it did is taken over by the fault injector (`take`).
"""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections import deque
from typing import NamedTuple

from chaos_testing.sandbox import ChaosSandbox

STOPPED_FROM_OUTSIDE = 0.15  # of the exits that do not stop themselves
DELAYS = (0.0, 0.0, 0.002, 0.01, 0.05, 0.2)  # seconds from the news of an exit to its stop
SECONDS = (1.0, 2.0, 4.0, 8.0)  # for which it is stopped
COLD_DELAY = 0.3  # seconds at most from the first operation of a cold program to its death
KILLED = 0.7  # of the cold programs; the others end by themselves


class Deed(NamedTuple):
    """A signal that was sent: SIGSTOP for so many seconds, or SIGKILL to a worker or a broker."""

    number: int
    pid: int
    at: float
    seconds: float = 0.0
    broker: bool = False


class News:
    """Reads the news of a sandbox."""

    def __init__(self, sandbox: ChaosSandbox, rng: random.Random) -> None:
        self.outside = STOPPED_FROM_OUTSIDE
        self._sandbox = sandbox
        self._rng = random.Random(rng.random())
        self._deeds: deque[Deed] = deque()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(sandbox.news)
        threading.Thread(target=self._read, daemon=True).start()

    def take(self) -> list[Deed]:
        """Return what was done since the last call."""
        return [self._deeds.popleft() for _ in range(len(self._deeds))]

    def _read(self) -> None:
        while True:
            what, pid, *rest = self._socket.recv(200).decode().split()
            if what == "stopped":
                self._deeds.append(Deed(signal.SIGSTOP, int(pid), time.monotonic(), float(rest[0])))
            elif what == "leaving" and self._rng.random() < self.outside:
                self._later(self._rng.choice(DELAYS), self._stop, int(pid))
            elif what == "begun":
                self._kill_broker()
                if self._rng.random() < KILLED:
                    self._later(self._rng.uniform(0, COLD_DELAY), self._kill, int(pid))

    def _later(self, seconds: float, action: object, pid: int) -> None:
        timer = threading.Timer(seconds, action, (pid,))  # type: ignore[arg-type]
        timer.daemon = True
        timer.start()

    def _stop(self, pid: int) -> None:
        if self._sandbox.signal(pid, signal.SIGSTOP):
            seconds = self._rng.choice(SECONDS)
            self._deeds.append(Deed(signal.SIGSTOP, pid, time.monotonic(), seconds))

    def _kill(self, pid: int) -> None:
        at = time.monotonic()
        if self._sandbox.signal(pid, signal.SIGKILL):
            self._deeds.append(Deed(signal.SIGKILL, pid, at))

    def _kill_broker(self) -> None:
        pid = self._sandbox.broker_pid()
        full = os.path.exists(os.path.join(self._sandbox.runtime, "filler"))
        at = time.monotonic()
        if pid is not None and not full and self._sandbox.signal(pid, signal.SIGKILL):
            self._deeds.append(Deed(signal.SIGKILL, pid, at, broker=True))
