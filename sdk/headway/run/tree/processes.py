"""Read the command lines of the processes below a command, to find the tools among them. Linux.

Shell. Where there is no list of children, nothing is found, and lines alone tell of tools.
"""

from __future__ import annotations

import os

from headway.run.kernel.kernel_file import read_start
from headway.run.kernel.process_tree import DEAD, ZOMBIE
from headway.run.tree.router import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.run.kernel.looks import Walk
    from headway.run.kernel.process_tree import Status

ARGV_BYTES = 1 << 14  # of a command line: its name stands in front


class _Known:
    """What has been read of a process, and need not be read again while its name is the same."""

    __slots__ = ("argv", "cwd", "name", "started", "tool")

    def __init__(self, status: Status) -> None:
        self.started = status.started
        self.name = status.program
        self.argv: tuple[str, ...] | None = None
        self.cwd = ""
        self.tool = False


class Processes:
    """The processes of a command; `wants` tells of a command line if it is a tool's."""

    def __init__(self, wants: Callable[[tuple[str, ...]], bool]) -> None:
        self._wants = wants
        self._known: dict[int, _Known] = {}

    def read(self, found: Walk) -> list[Process]:
        """Return the processes of a look, the command first, but for what another run reports."""
        processes: list[Process] = []
        known: dict[int, _Known] = {}
        left: set[int] = set()  # to another `headway run`, which reports them itself
        for pid, status in found.items():
            if status.state in (ZOMBIE, DEAD):
                continue
            entry = known[pid] = self._look_up(pid, status)
            ours = bool(processes) and entry.argv is not None and _is_ours(entry.argv)
            if ours or status.parent in left:
                left.add(pid)
                continue
            written = _written(pid) if entry.tool else None
            processes.append(
                Process(pid, status.started, status.parent, entry.argv, entry.cwd, written)
            )
        self._known = known
        return processes

    def _look_up(self, pid: int, status: Status) -> _Known:
        entry = self._known.get(pid)
        if (
            entry is None
            or entry.started != status.started
            or entry.name != status.program
            or entry.argv is None  # it may just be executing a program
        ):
            entry = _Known(status)
            words = read_start(f"/proc/{pid}/cmdline", ARGV_BYTES).rstrip(b"\0")
            if words:
                entry.argv = tuple(os.fsdecode(word) for word in words.split(b"\0"))
                entry.tool = self._wants(entry.argv)
            if entry.tool:
                entry.cwd = _folder(pid)
        return entry


def _is_ours(argv: tuple[str, ...]) -> bool:
    """Return whether a process is another `headway run`."""
    return any(
        word.rsplit("/", 1)[-1] == "headway" and argv[at + 1 : at + 2] == ("run",)
        for at, word in enumerate(argv[:4])
    )


def _written(pid: int) -> int | None:
    for line in read_start(f"/proc/{pid}/io").splitlines():
        if line.startswith(b"wchar: "):
            return int(line[7:])
    return None  # of another user


def _folder(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""
