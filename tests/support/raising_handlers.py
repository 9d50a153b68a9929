"""Call what Headway does in a program's thread, with a signal's handler that raises meanwhile.

Prints, for each kind of call, how often the handler raised and how often the program met that.
"""

from __future__ import annotations

import gc
import multiprocessing.connection
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any, Callable

import headway
from headway.host import propagation


class Late(TimeoutError):
    """What the program's time limit raises: an OSError, as the usual ones are."""


class Items:
    """Items that do not say how many they are, at some length."""

    def __len__(self) -> int:
        sum(range(1000))
        raise TypeError

    def __iter__(self) -> Any:
        return iter((1, 2, 3))


def met(act: Callable[[], object], seconds: float) -> tuple[int, int]:
    """Call `act` for so long; return how often the handler raised, and how often it was met."""
    raised = caught = 0

    def handler(_number: int, _frame: object) -> None:
        nonlocal raised
        raised += 1
        raise Late("time is over")

    gc.collect()
    gc.disable()  # what is raised while the collector closes files is lost by Python
    signal.signal(signal.SIGALRM, handler)
    act()
    before = time.perf_counter()
    act()
    usual = min(max(time.perf_counter() - before, 2e-5), 2e-3)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, usual))
            act()
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Late:
            caught += 1
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    return raised, caught


def main(seconds: float) -> None:
    """Print a line for each kind of call."""
    os.environ["HEADWAY_BROKER"] = "never"
    propagation.is_of_multiprocessing = lambda: True  # as in a worker of a pool: it has a will
    work = headway.operation("work").start()
    stage = work.stage("steps", total=10**9).start()
    stage.advance()
    assert hasattr(multiprocessing.connection.Connection._send_bytes, "_headway")
    pool = multiprocessing.connection.Connection(os.open(os.devnull, os.O_WRONLY), readable=False)
    ignoring = (
        "import signal,time; signal.signal(10, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", ignoring], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()

    def send() -> None:
        stage.advance()
        pool.send_bytes(b"result")

    def execute() -> None:
        try:
            os.execv("/nowhere/at/all", ["nothing"])
        except FileNotFoundError:
            pass

    def iterate() -> None:
        for _ in work.track(Items(), "items"):
            pass

    def update() -> None:
        stage.advance(0.5)
        stage.update(detail="more", total=10**9)

    def name_again() -> None:
        for _ in range(3):
            with work.stage("again"):
                pass

    def start_again() -> None:
        os.closerange(100_000, 100_001)  # the thread is stopped, the next report starts another
        with headway.operation("short"):
            pass

    acts: dict[str, Callable[[], object]] = {
        "send": send,
        "kill": lambda: os.kill(child.pid, signal.SIGUSR1),
        "exec": execute,
        "iterate": iterate,
        "update": update,
        "name": name_again,
        "start": start_again,
    }
    try:
        for name, act in acts.items():
            print(name, *met(act, seconds), flush=True)
    finally:
        child.kill()
        child.wait()


if __name__ == "__main__":
    main(float(sys.argv[1]))
