"""The session of `headway view` in its terminal: which operations and processes belong to it."""

from __future__ import annotations

import os
import platform
import time
from typing import Iterable

from headway.model import Operation
from headway_viewer.terminal.processes import is_running, session_of

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

    def has_jobs(self) -> bool:
        """Return whether other processes of the session use the terminal.

        The shell and whatever else this process descends from do not count, nor do viewers.
        """
        return has_jobs(self._descriptor)

    def is_shared(self, operations: Iterable[Operation]) -> bool:
        """Return whether others may print on the terminal: jobs, or open ones of `operations`."""
        now = time.monotonic()
        if not self._shared and now - self._looked >= LOOK_INTERVAL:
            self._looked = now
            self._shared = self.has_jobs() or any(
                operation.open and operation.tty == self._tty and operation.host == self._host
                for operation in operations
            )
        return self._shared


def has_jobs(descriptor: int) -> bool:
    """Return whether other processes of this session use the terminal behind `descriptor`."""
    try:
        terminal = os.fstat(descriptor).st_rdev
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return False
    session = os.getsid(0)
    related = {os.getpid(), session, *_ancestors()}
    return any(
        pid not in related
        and session_of(pid) == session
        and is_running(pid)
        and _uses(pid, terminal)
        and not _is_viewer(pid)
        for pid in pids
    )


def _ancestors() -> list[int]:
    found: list[int] = []
    pid = os.getppid()
    while pid > 1 and pid not in found:
        found.append(pid)
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                pid = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            break
    return found


def _uses(pid: int, terminal: int) -> bool:
    for number in range(3):
        try:
            if os.stat(f"/proc/{pid}/fd/{number}").st_rdev == terminal:
                return True
        except OSError:
            continue
    return False


def _is_viewer(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return True  # it has ended
    return b"headway_viewer.terminal" in words or (
        b"view" in words and any(word.endswith(b"headway") for word in words)
    )
