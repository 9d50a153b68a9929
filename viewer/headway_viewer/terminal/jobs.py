"""The jobs of a terminal's session: its processes, put together by who has started whom.

Pure.
"""

from __future__ import annotations

from typing import AbstractSet, Mapping, NamedTuple, Protocol

from headway.model import Operation

REPORTING_VERBS = frozenset({"run", "pipe"})  # of `headway`; others start no operation


class Process(NamedTuple):
    """A process; `terminal` is its controlling one as the kernel numbers it, 0 for none.

    `started` is in seconds since boot.
    """

    pid: int
    name: str
    state: str
    parent: int
    session: int
    terminal: int
    started: float

    @property
    def stopped(self) -> bool:
        """Return whether it runs no more: stopped, traced, or dead."""
        return self.state in "TtZX"


class Job(NamedTuple):
    """A process of a session, and those that it has started there.

    `runs` are those that are `headway run`, which report for certain; `age` is how many seconds
    before the viewer it began.
    """

    name: str
    members: AbstractSet[int]
    runs: AbstractSet[int]
    age: float


class Session(Protocol):
    """The session of a terminal."""

    def includes(self, operation: Operation) -> bool:
        """Return whether an operation belongs to it."""
        ...

    def jobs(self) -> list[Job]:
        """Return its jobs that live and are not stopped."""
        ...


def ancestors(own: Process, processes: Mapping[int, Process]) -> set[int]:
    """Return the pids of a process and of all that it descends from."""
    found: set[int] = set()
    process: Process | None = own
    while process is not None and process.pid not in found:
        found.add(process.pid)
        process = processes.get(process.parent)
    return found


def group(own: Process, processes: Mapping[int, Process], verbs: Mapping[int, str]) -> list[Job]:
    """Return the jobs that these processes are, as `own` sees them.

    `verbs` has those that count: the verb of one that is `headway VERB`, "" of any other.
    """
    found: dict[int, set[int]] = {}
    for pid, verb in verbs.items():
        if not verb or verb in REPORTING_VERBS:
            found.setdefault(_outermost(pid, verbs, processes), set()).add(pid)
    return [
        Job(
            f"headway {verbs[outermost]}" if verbs[outermost] else processes[outermost].name,
            members,
            {pid for pid in members if verbs[pid] in REPORTING_VERBS},
            own.started - processes[outermost].started,
        )
        for outermost, members in found.items()
    ]


def _outermost(pid: int, verbs: Mapping[int, str], processes: Mapping[int, Process]) -> int:
    """Return the outermost of the processes that count which has started `pid`."""
    while processes[pid].parent in verbs:
        pid = processes[pid].parent
    return pid
