"""Other processes by pid: whether one is running, and its process group."""

from __future__ import annotations

import os
import time

from headway.host.process_status import (
    NAME,
    PARENT,
    SESSION,
    STARTED,
    STATE,
    TERMINAL,
    status_fields,
)
from headway_viewer.terminal.jobs import Process

_TICKS = os.sysconf("SC_CLK_TCK")  # a second of the kernel's process times


def read_process(pid: int) -> Process | None:
    """Return what the kernel tells of a process, or None where there is none or no /proc."""
    fields = status_fields(pid)
    if fields is None:
        return None
    return Process(
        pid,
        fields[NAME],
        fields[STATE],
        int(fields[PARENT]),
        int(fields[SESSION]),
        int(fields[TERMINAL]),
        int(fields[STARTED]) / _TICKS,
    )


def seconds_since_start(pid: int | None = None) -> float:
    """Return how long a process, or this one, has been running; 0 where that is unknown."""
    own = read_process(os.getpid() if pid is None else pid)
    if own is None or not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return max(time.clock_gettime(time.CLOCK_BOOTTIME) - own.started, 0.0)


def is_running(pid: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    if process_group(pid) is None:
        return False
    fields = status_fields(pid)
    if fields is None:
        return not os.path.isdir("/proc/self")
    return fields[STATE] not in ("Z", "X")


def process_group(pid: int) -> int | None:
    """Return the process group of a process, or None if there is no such process."""
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def group_size(group: int) -> int:
    """Return the number of processes in a group; 0 without /proc."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return 0
    return sum(process_group(pid) == group for pid in pids)


def in_foreground(descriptor: int) -> bool:
    """Return whether this process's group has the terminal; True where that is unknown."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return True  # not its controlling terminal


def session_of(pid: int) -> int | None:
    """Return the session of a process, or None if there is no such process."""
    try:
        return os.getsid(pid)
    except OSError:
        return None


def command_line(pid: int) -> list[str]:
    """Return the words that a process was started by; none where there is no such process."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def headway_verb(pid: int) -> str:
    """Return the verb of a process that is `headway VERB`, else ""."""
    words = command_line(pid)
    if "headway_viewer.terminal" in words[:4]:
        return "terminal"  # the viewer process of the programs here
    for at, word in enumerate(words[:4]):
        if word.rpartition("/")[2] == "headway" or "from headway_command import" in word:
            return words[at + 1] if at + 1 < len(words) else ""
    return ""


def pool_parent(pid: int) -> int | None:
    """Return the pid of the process that has started `pid` as a worker, or None if it is none.

    Both run one program: a shell, xargs and `headway run` are no parents of a pool.
    """
    process = read_process(pid)
    if process is None or headway_verb(process.parent):
        return None
    try:
        own, above = (os.readlink(f"/proc/{one}/exe") for one in (pid, process.parent))
    except OSError:
        return None
    return process.parent if own == above else None
