"""What the machine and single processes spend: CPU in nanoseconds, memory, wake-ups (Linux)."""

from __future__ import annotations

import os
import platform
import time
from typing import Callable


def load() -> float:
    """Runnable processes over the last minute."""
    return os.getloadavg()[0]


def describe() -> str:
    """The machine in one line."""
    model = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        model = platform.machine()
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}"


def cpu(pid: int) -> float:
    """CPU seconds of all threads of `pid`, also of those that have ended."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


def thread_cpu(pid: int, thread: int | None = None) -> float:
    """CPU seconds of one thread of `pid`: its first one, unless `thread` names another."""
    with open(f"/proc/{pid}/task/{thread or pid}/schedstat", encoding="ascii") as text:
        return int(text.read().split()[0]) / 1e9


def rss(pid: int) -> int:
    """Resident bytes of `pid`."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as text:
        return int(text.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def wakeups(pid: int) -> int:
    """How often the threads of `pid` that live now have been put on a processor."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as text:
                total += int(text.read().split()[2])
        except OSError:
            continue
    return total


def wait_for(happened: Callable[[], object], seconds: float, what: str) -> None:
    """Return when `happened` is true; raise `TimeoutError` after `seconds`."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)
