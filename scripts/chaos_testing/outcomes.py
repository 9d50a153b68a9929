"""What became of the processes of an experiment: signals, stops and exits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from chaos_testing.journal import ProcessTruth

LONGEST = 40.0  # seconds that a process may run on after the last line of its journal


class Interval(NamedTuple):
    """From one monotonic time to another."""

    begun: float
    ended: float

    def overlaps(self, begun: float, ended: float) -> bool:
        """Return whether any of it lies between two times."""
        return self.begun <= ended and begun <= self.ended


class Exit(NamedTuple):
    """When a process exited, and its status as `Popen` has it."""

    at: float
    status: int


@dataclass
class Outcome:
    """What became of a process: when it was sent a signal that ends it, its exit, its stops."""

    killed: float | None = None
    exit: Exit | None = None
    stopped: list[Interval] = field(default_factory=list)


class Outcomes:
    """The outcomes of all processes, by pid and time: in a long run, pids are reused."""

    def __init__(self) -> None:
        self._kills: dict[int, list[float]] = {}
        self._stops: dict[int, list[Interval]] = {}
        self._exits: dict[int, list[Exit]] = {}

    def kill(self, pid: int, at: float) -> None:
        """Record a signal that ends a process."""
        self._kills.setdefault(pid, []).append(at)

    def stop(self, pid: int, begun: float, ended: float) -> None:
        """Record for how long a process was stopped."""
        self._stops.setdefault(pid, []).append(Interval(begun, ended))

    def exit(self, pid: int, at: float, status: int) -> None:
        """Record an exit."""
        self._exits.setdefault(pid, []).append(Exit(at, status))

    def signalled(self, pid: int, begun: float, ended: float) -> bool:
        """Return whether a process was sent a signal that ends it, between two times."""
        return any(begun <= at <= ended for at in self._kills.get(pid, ()))

    def of(self, process: ProcessTruth) -> Outcome:
        """Return the outcome of a process: its exit is the first one after it began."""
        exits = (one for one in self._exits.get(process.pid, ()) if one.at >= process.begun)
        first = min(exits, default=None)
        until = process.last + LONGEST if first is None else first.at
        kills = [at for at in self._kills.get(process.pid, ()) if process.begun <= at <= until]
        stops = self._stops.get(process.pid, ())
        return Outcome(
            kills[-1] if kills else None,
            first,
            [stop for stop in stops if stop.overlaps(process.begun, until)],
        )
