"""The session of `headway view` in its terminal: which operations and processes belong to it."""

from __future__ import annotations

import os
import platform
import time
from typing import Iterable

from headway.model import Operation
from headway_viewer.terminal.jobs import Job, Process, ancestors, group
from headway_viewer.terminal.processes import (
    command_line,
    headway_verb,
    read_process,
    session_of,
)

LOOK_INTERVAL = 1.0  # seconds between looks whether others use the terminal


class TerminalSession:
    """The session of this process, in the terminal behind `descriptor`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._tty = os.ttyname(descriptor)
        self._host = platform.node() or None
        self._shared = False
        self._looked = float("-inf")

    def includes(self, operation: Operation) -> bool:
        """Return whether an operation was begun in this session or on this terminal."""
        if operation.host != self._host:
            return False
        if operation.tty == self._tty:
            return True
        pid = operation.pid if operation.open else None
        return bool(pid) and session_of(pid or 0) == os.getsid(0)

    def jobs(self) -> list[Job]:
        """Return what other processes of the session use the terminal, and are not stopped.

        The shell and whatever else this process descends from do not count, nor do viewers.
        """
        return find_jobs(self._descriptor)

    def is_shared(self, operations: Iterable[Operation]) -> bool:
        """Return whether others may print on the terminal: jobs, or open ones of `operations`."""
        now = time.monotonic()
        if not self._shared and now - self._looked >= LOOK_INTERVAL:
            self._looked = now
            self._shared = bool(self.jobs()) or any(
                operation.open and operation.tty == self._tty and operation.host == self._host
                for operation in operations
            )
        return self._shared


def find_jobs(descriptor: int) -> list[Job]:
    """Return the jobs of this session that use the terminal behind `descriptor`."""
    try:
        terminal = os.fstat(descriptor).st_rdev
        listed = [read_process(int(name)) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    processes = {process.pid: process for process in listed if process is not None}
    own = processes.get(os.getpid())
    if own is None:
        return []
    related = {own.session, *ancestors(own, processes)}
    verbs = {
        pid: headway_verb(pid)
        for pid, process in processes.items()
        if process.session == own.session
        and pid not in related
        and not process.stopped
        and _uses(process, terminal)
    }
    # What `headway run` forks for itself reports nothing.
    helpers = [
        pid
        for pid, verb in verbs.items()
        if verb
        and verbs.get(processes[pid].parent) == verb
        and command_line(pid) == command_line(processes[pid].parent)
    ]
    verbs.update(dict.fromkeys(helpers, "helper"))
    return group(own, processes, verbs)


def _uses(process: Process, terminal: int) -> bool:
    """Return whether a process has the terminal as a standard stream, or controls it unseen."""
    for number in range(3):
        try:
            if os.stat(f"/proc/{process.pid}/fd/{number}").st_rdev == terminal:
                return True
        except PermissionError:  # of another user, as behind sudo
            return process.terminal == terminal
        except OSError:
            continue
    return False
