"""How far the processes of a command are through their input, found at the looks at them. Shell."""

from __future__ import annotations

import os
import time

from headway.run.kernel.file_progress import FileProgress
from headway.run.kernel.open_files import bytes_of, inputs_of, memory_of, open_files
from headway.run.kernel.process_tree import DEAD, ZOMBIE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, NamedTuple

    from headway.run.kernel.file_progress import Count
    from headway.run.kernel.looks import Walk
    from headway.run.kernel.process_tree import Status
else:
    from headway.light_typing import NamedTuple

INTERVAL = 0.45  # seconds between two looks at open files, at least
# What runs its command as a child, and does nothing else.
WRAPPERS = frozenset({"sudo", "doas", "time", "timeout", "script", "unbuffer"})
INNER_SMALLEST = 8 << 20  # bytes of the input of a process that is shown beside the command
INNER_LIMIT = 4  # of such processes
# Seconds that a process may seem older than its command: its start is kept in clock ticks.
OLDER = 0.1


class InputProgress(NamedTuple):
    """What a look has found: how far the command is through its input, and processes of it.

    `inner` maps the names of programs to their counts, `since` to when they began, on the monotonic
    clock; "" stands for the command. What had begun before the first look is not in it: nobody
    knows what it had read by then.
    """

    whole: Count | None
    inner: dict[str, Count]
    since: Mapping[str, float] | None = None


class _Watched:
    """A process of the tree."""

    __slots__ = ("count", "program", "progress", "since", "started")

    def __init__(self, status: Status, since: float | None) -> None:
        self.program = status.program
        self.started = status.started
        self.since = since
        self.progress: FileProgress | None = None
        self.count: Count | None = None


class InputFollower:
    """Looks at the files of the processes below and including `root`, which began after `now`."""

    def __init__(self, root: int, now: float) -> None:
        self._root = root
        self._begun = now
        self._due = now + INTERVAL
        self._watched: dict[int, _Watched] = {}
        self._main = root
        self._shown: int | None = None  # whose input is told as the command's

    def take(self, found: Walk, now: float) -> InputProgress | None:
        """Return what a look at the processes tells, if their files are to be looked at.

        None too once all have ended: what was known of them stands.
        """
        if now < self._due:
            return None
        self._due = now + INTERVAL
        return self._look(found, now)

    def finished(self) -> Count | None:
        """Return the count of the command's input once it has succeeded."""
        shown = self._watched.get(self._shown or 0)
        return None if shown is None or shown.progress is None else shown.progress.finished()

    def _look(self, found: Walk, now: float) -> InputProgress | None:
        statuses = {
            pid: status for pid, status in found.items() if status.state not in (ZOMBIE, DEAD)
        }
        if not statuses:
            return None  # they are asked what they have finished
        last, self._watched = self._watched, {}
        for pid, status in statuses.items():
            watched = last.get(pid)
            if watched is None or watched.started != status.started:
                watched = _Watched(status, self._began(status, now))
                # Most processes of a build are gone by the next look: look at none before that.
                if pid != self._root:
                    self._watched[pid] = watched
                    continue
            self._watched[pid] = watched
            self._look_at(pid, watched, status, now)
        self._main = self._find_main(statuses)
        return self._judge(statuses)

    def _began(self, status: Status, now: float) -> float | None:
        """Return when a process began; None if that was before the command did, or is unknown."""
        try:
            boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        except (AttributeError, OSError):
            return None
        began = now - (boot - status.started / os.sysconf("SC_CLK_TCK"))
        return None if began < self._begun - OLDER else min(max(began, self._begun), now)

    def _look_at(self, pid: int, watched: _Watched, status: Status, now: float) -> None:
        if watched.progress is None or watched.program != status.program:
            watched.program = status.program
            inputs, folders = inputs_of(pid)
            watched.progress = FileProgress(status.program, inputs, folders=folders)
        watched.count = None
        if not watched.progress.off:
            moved = bytes_of(pid)
            watched.count = watched.progress.take(
                now, open_files(pid), memory_of(pid), None if moved is None else moved[0]
            )

    def _find_main(self, statuses: dict[int, Status]) -> int:
        """Return the process that does the work of the command: the first that is no wrapper."""
        main = self._root
        while main in statuses and statuses[main].program in WRAPPERS:
            below = [pid for pid, status in statuses.items() if status.parent == main]
            if len(below) != 1:
                break
            main = below[0]
        return main

    def _judge(self, statuses: dict[int, Status]) -> InputProgress:
        main = self._watched.get(self._main)
        whole: Count | None = None
        inner: dict[str, Count] = {}
        since: dict[str, float] = {}
        root = self._watched.get(self._root)
        if root is not None and root.since is not None:
            since[""] = root.since
        for pid, watched in self._watched.items():
            count, progress = watched.count, watched.progress
            if count is None or progress is None:
                continue
            # `tar xf` has a child that reads the archive for it.
            helps = main is not None and statuses[pid].parent == self._main
            if pid == self._main or (helps and main is not None and _reads_for(main, watched)):
                if whole is None or (whole.total is None and count.total is not None):
                    whole = count
                    self._shown = pid
            elif (
                progress.streams
                and (count.total or 0) >= INNER_SMALLEST
                and len(inner) < INNER_LIMIT
            ):
                if watched.program not in inner and watched.since is not None:
                    since[watched.program] = watched.since
                inner.setdefault(watched.program, count)
        return InputProgress(whole, inner, since)


def _reads_for(main: _Watched, helper: _Watched) -> bool:
    """Return whether a child does the reading of the command, a streaming program."""
    if main.progress is None or helper.progress is None:
        return False
    return main.progress.streams and helper.progress.streams and not helper.progress.counts_only
