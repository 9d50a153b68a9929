"""Look at the processes below a command, by the lists of children in /proc. Linux.

Never all of /proc, and never more often than the looks are worth: what one costs decides when the
next may be. Where there is no such list, nothing is found, and lines alone tell of tools.
"""

from __future__ import annotations

import os
import time

from headway.run.kernel.process_tree import children
from headway.run.tree.router import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

# Of one core, the share that looking takes: a look that has cost 1 ms is followed by 0.67 s
# without. To judge it takes a quarter of that once more: together 0.2 %.
SHARE = 0.0015
SOONEST_SECONDS = 0.1  # between two looks: nobody sees more than ten changes a second
LATEST_SECONDS = 1.0  # in which an idle command is looked at again
PROCESSES = 512  # of one command that are looked at
ARGV_BYTES = 1 << 14  # of a command line: its name stands in front


class _Known:
    """What has been read of a process, and need not be read again while its name is the same."""

    __slots__ = ("argv", "cwd", "name", "started", "tool")

    def __init__(self, started: int, name: bytes) -> None:
        self.started = started
        self.name = name
        self.argv: tuple[str, ...] | None = None
        self.cwd = ""
        self.tool = False


class ProcessLooks:
    """Looks at `root` and what it has started; `wants` tells of a command line if it is a tool's.

    `clock` returns the processor time of this thread, in seconds.
    """

    def __init__(
        self,
        root: int,
        wants: Callable[[tuple[str, ...]], bool],
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._root = root
        self._wants = wants
        self._clock = clock
        self._known: dict[int, _Known] = {}
        self._next = 0.0
        self._looked = 0.0

    def look(self, now: float, *, output: bool) -> list[Process] | None:
        """Return the processes, the command first; None if it is too early for another look.

        `output` tells that something has been printed since the last.
        """
        if now < self._next or (not output and now - self._looked < LATEST_SECONDS):
            return None
        began = self._clock()
        found = self._walk()
        cost = self._clock() - began
        self._looked = now
        self._next = now + max(SOONEST_SECONDS, cost / SHARE)
        return found

    def _walk(self) -> list[Process]:
        found: list[Process] = []
        known: dict[int, _Known] = {}
        todo = [self._root]
        for pid in todo:
            process = self._read(pid, known, todo)
            if process is not None:
                found.append(process)
        self._known = known
        return found

    def _read(self, pid: int, known: dict[int, _Known], todo: list[int]) -> Process | None:
        status = _read(f"/proc/{pid}/stat")
        name, _, rest = status.rpartition(b")")
        fields = rest.split()
        if len(fields) < 20 or fields[0] in (b"Z", b"X"):
            return None
        parent, threads, started = int(fields[1]), int(fields[17]), int(fields[19])
        entry = self._known.get(pid)
        if (
            entry is None
            or entry.started != started
            or entry.name != name
            or entry.argv is None  # it may just be executing a program
        ):
            entry = _Known(started, name)
            words = _read(f"/proc/{pid}/cmdline", ARGV_BYTES).rstrip(b"\0")
            if words:
                entry.argv = tuple(os.fsdecode(word) for word in words.split(b"\0"))
                entry.tool = self._wants(entry.argv)
            if entry.tool:
                entry.cwd = _folder(pid)
        known[pid] = entry
        if pid != self._root and entry.argv is not None and _is_ours(entry.argv):
            return None  # it reports what is below it itself
        if len(todo) < PROCESSES:
            todo += children(pid, threads=threads)
        written = _written(pid) if entry.tool else None
        return Process(pid, started, parent, entry.argv, entry.cwd, written)


def _is_ours(argv: tuple[str, ...]) -> bool:
    """Return whether a process is another `headway run`."""
    return any(
        word.rsplit("/", 1)[-1] == "headway" and argv[at + 1 : at + 2] == ("run",)
        for at, word in enumerate(argv[:4])
    )


def _written(pid: int) -> int | None:
    for line in _read(f"/proc/{pid}/io").splitlines():
        if line.startswith(b"wchar: "):
            return int(line[7:])
    return None  # of another user


def _folder(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def _read(path: str, size: int = 4096) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
