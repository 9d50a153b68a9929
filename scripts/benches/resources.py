"""What processes use, read from the Linux kernel: CPU seconds, resident bytes, wake-ups."""

from __future__ import annotations

import os
import platform
import time


def load_average() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


def describe() -> str:
    """Return the processors and the kernel of this machine, in one line."""
    model = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        model = platform.machine()
    return f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}"


def cpu(pid: int) -> float:
    """Return the CPU seconds of all threads of `pid`, ended ones included."""
    # The process's CPU clock, as clock_getcpuclockid(3) makes its id.
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


def thread_cpu(pid: int, thread: int | None = None) -> float:
    """Return the CPU seconds of the main thread of `pid`, or of `thread`."""
    with open(f"/proc/{pid}/task/{thread or pid}/schedstat", encoding="ascii") as text:
        return int(text.read().split()[0]) / 1e9


def run_delay() -> float:
    """Return the seconds for which this thread has waited for a processor."""
    with open("/proc/thread-self/schedstat", encoding="ascii") as text:
        return int(text.read().split()[1]) / 1e9


def rss(pid: int) -> int:
    """Return the resident bytes of `pid`."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as text:
        return int(text.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def wakeups(pid: int) -> int:
    """Return how often the threads of `pid` that live now were put on a processor."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as text:
                total += int(text.read().split()[2])
        except OSError:
            continue
    return total


def peak_rss(pid: int) -> int:
    """Return the most bytes that `pid` has had resident; 0 if it is gone.

    Not `ru_maxrss`, which begins with what the starting process held.
    """
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            lines = (line for line in status if line.startswith("VmHWM:"))
            return next((int(line.split()[1]) * 1024 for line in lines), 0)
    except OSError:
        return 0
