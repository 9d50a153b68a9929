"""Subcommand `harm`: how faults slow the work, delay its exit and cost it memory.

A broker that is absent, killed, stopped or slow, a full disk, a terminal that is not read. Under
each condition the same program runs twice at the same time, with and without HEADWAY=off. The two
work by turns of some milliseconds, so that a processor that is slower for a while is so for both.
Then many short programs, whose ends all have to be known.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from benches.report import Check, Report, Row, interleave, ratio, summarize
from benches.sandbox import Sandbox, wait_for
from benches.workload import Workload, by_turns

AT_MOST = 1.05  # of the time with HEADWAY=off
HARM = 10  # % more work, which has to be seen
EXIT = 1.0  # seconds by which an exit may be delayed
SHORT = "import headway, sys\nwith headway.operation(sys.argv[1]): pass\n"
AT_ONCE = 8  # short programs that run at the same time
SPOOLED = 0.001  # seconds that spooling first may add to an exit beside a broker
FLOOD = 20  # threads that only count
FLOOD_MEMORY = 40  # MB that they may take more than with HEADWAY=off
BATCH = 200  # short programs between two looks at the ends: the broker keeps 500


@contextmanager
def healthy(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Run a broker that a viewer follows."""
    broker = sandbox.broker()
    viewer = sandbox.headway("view", "--display", "json", stdout=subprocess.DEVNULL)
    yield {}
    sandbox.end(viewer)
    sandbox.end(broker)


@contextmanager
def absent(_sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Run no broker, and let none be started."""
    yield {"HEADWAY_BROKER": "never"}


@contextmanager
def killed(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Kill the broker five times a second; the program starts another."""
    ended = threading.Event()

    def kill() -> None:
        while not ended.wait(0.2):
            pid = sandbox.broker_pid()
            if pid is not None:
                sandbox.signal(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield {}
    finally:
        ended.set()
        thread.join()
    sandbox.kill_all()


@contextmanager
def stopped(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Stop the broker with SIGSTOP."""
    broker = sandbox.broker()
    broker.send_signal(signal.SIGSTOP)
    yield {}
    broker.send_signal(signal.SIGCONT)
    sandbox.end(broker)


@contextmanager
def slow(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Let the broker run for 10 ms of each 100."""
    broker = sandbox.broker()
    ended = threading.Event()

    def stop_and_continue() -> None:
        while not ended.is_set():
            broker.send_signal(signal.SIGSTOP)
            ended.wait(0.09)
            broker.send_signal(signal.SIGCONT)
            ended.wait(0.01)

    thread = threading.Thread(target=stop_and_continue)
    thread.start()
    try:
        yield {}
    finally:
        ended.set()
        thread.join()
    sandbox.end(broker)


@contextmanager
def full(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Run no broker, and leave no byte free in the runtime directory."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", sandbox.runtime]
    subprocess.run(mount, check=True)
    with open(os.path.join(sandbox.runtime, "filler"), "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    try:
        yield {"HEADWAY_BROKER": "never"}
    finally:
        subprocess.run(["umount", sandbox.runtime], check=True)


@contextmanager
def unread(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Run a broker, and a terminal that is not read."""
    broker = sandbox.broker()
    yield {"TERM": "xterm-256color"}
    sandbox.end(broker)
    sandbox.kill_all()


CONDITIONS: dict[str, Callable[[Sandbox], Any]] = {
    "broker alive and followed": healthy,
    "no broker": absent,
    "broker killed 5 × a second": killed,
    "broker stopped (SIGSTOP)": stopped,
    "broker runs 10 % of the time": slow,
    "terminal unread": unread,
}
if os.geteuid() == 0:
    CONDITIONS["no broker, runtime disk full"] = full


def run_under(
    condition: Callable[[Sandbox], Any], workload: str, number: int, *, off: bool
) -> dict[str, float]:
    """Run a workload under a condition; return its result, and how its exit went."""
    with Sandbox() as sandbox, condition(sandbox) as environ:
        return Workload(sandbox, environ, workload, number, off=off).result()


def run_both(
    condition: Callable[[Sandbox], Any], items: int, harm: int, *, off_first: bool
) -> tuple[dict[str, float], dict[str, float]]:
    """Run `compute` by turns with and without HEADWAY=off; return both results.

    The one without has so many percent more to compute.
    """
    with Sandbox() as sandbox, condition(sandbox) as environ:
        tty = condition is unread
        ours, off = by_turns(
            sandbox, environ, ("compute", items, harm), ("compute", items, 0), off_first, tty
        )
        return ours, off


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    rounds, items, short = (1, 100, 20) if quick else (7, 500, 1000)
    samples = interleave(
        {name: alternating(CONDITIONS[name], items, harm=0) for name in CONDITIONS}, rounds
    )
    harmed = [alternating(absent, items, HARM)() for _ in range(1 if quick else 5)]
    work: list[Row] = []
    exits: list[Row] = []
    memory: list[Row] = []
    for name, pairs in samples.items():
        seconds = [spent(ours) for ours, _ in pairs]
        versus = ratio(seconds, [spent(off) for _, off in pairs])
        delays = [ours["exit"] - off["exit"] for ours, off in pairs]
        more = [(ours["peak"] - off["peak"]) / 1e6 for ours, off in pairs]
        work.append(
            Row(f"the work: {name}", summarize(seconds), "s", "HEADWAY=off", versus, AT_MOST)
        )
        exits.append(
            Row(f"its exit: {name}", summarize(delays), "s more than HEADWAY=off", at_most=EXIT)
        )
        memory.append(Row(f"memory: {name}", summarize(more), "MB more than HEADWAY=off"))
    told = ratio([spent(ours) for ours, _ in harmed], [spent(off) for _, off in harmed])
    floods = [flood(1 if quick else 3) for _ in range(1 if quick else 3)]
    memory.append(
        Row(
            f"memory: {FLOOD} threads that only advance",
            summarize([each / 1e6 for each, _ in floods]),
            "MB more than HEADWAY=off",
            at_most=FLOOD_MEMORY,
        )
    )
    exits.append(
        Row(
            "spool first: what an exit beside a broker takes more",
            summarize(spooled(20 if quick else 200)),
            "s",
            at_most=SPOOLED,
        )
    )
    known, longest = short_programs(short)
    slowest = Row(f"longest of {short} short programs", summarize([longest]), "s")
    runs = [one for some in samples.values() for pair in some for one in pair]
    seen = told is not None and told.median > AT_MOST
    checks = [
        Check(f"work of {HARM} % more would be missed", seen or quick),
        Check(f"the ends of {known} of {short} short programs are known", known == short),
        Check(f"the counts of {FLOOD} threads are exact", all(exact for _, exact in floods)),
        Check("nothing was printed", not any(one["printed"] for one in runs)),
        Check("every program ended with 0", not any(one["status"] for one in runs)),
    ]
    notes = [
        f"The work: 20 stages of {items} items of about 50 µs, reported one by one.",
        (
            "Counted is what its thread computes and what it is blocked, not waiting for a "
            "processor, and what the threads of Headway compute, as if there was one processor."
        ),
        "With and without HEADWAY=off by turns, 100 items each.",
        "What is imported for the first report is over by then: see the area `import`.",
        "Its exit: from the last line of the program until its process is gone.",
        "Spool first: the file of an end, written and removed.",
    ]
    title = "What happens to the work when reporting cannot"
    return Report("harm", title, [*work, *exits, *memory, slowest], notes, checks, [])


def alternating(
    condition: Callable[[Sandbox], Any], items: int, harm: int
) -> Callable[[], tuple[dict[str, float], dict[str, float]]]:
    """Return what runs both under a condition, each time with another one that is the first."""
    off_first = itertools.cycle((True, False))
    return lambda: run_both(condition, items, harm, off_first=next(off_first))


def spent(ran: dict[str, float]) -> float:
    """Return the seconds of the work, and those that other threads of the process computed."""
    return ran["seconds"] + ran["threads"]


def flood(seconds: int) -> tuple[float, bool]:
    """Return the bytes that threads which only count take more, and whether all are counted."""
    with Sandbox() as sandbox:
        broker = sandbox.broker()
        ran = []
        for extra in ({}, {"HEADWAY": "off"}):
            output = subprocess.run(
                [sys.executable, "-m", "benches.programs.workloads", "flood", f"{FLOOD}",
                 f"{seconds}"],
                env={**sandbox.environ, **extra},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                check=True,
            ).stdout  # fmt: skip
            ran.append(json.loads(output))
        sandbox.end(broker)
    return ran[0]["peak"] - ran[1]["peak"], all(one["exact"] for one in ran)


def spooled(count: int) -> list[float]:
    """Return how long the file of an end takes beside a broker, so many times, in seconds."""
    with Sandbox() as sandbox:
        broker = sandbox.broker()
        program = sandbox.program("workloads", "spool", count)
        output, _ = program.communicate()
        sandbox.end(broker)
    return json.loads(output)


def short_programs(number: int) -> tuple[int, float]:
    """Run so many short programs; return how many are known to have completed, and the longest.

    The longest in seconds, measured to within the 5 ms after which the processes are polled.
    """
    with Sandbox() as sandbox:
        programs = ShortPrograms(sandbox)
        for count in range(number):
            programs.start(f"short {count}")
            if count % BATCH == BATCH - 1:
                programs.collect()
        programs.collect()
        return len(programs.completed), programs.longest


class ShortPrograms:
    """Short programs, a few at a time, and the names of those that are known to have completed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.completed: set[str] = set()
        self.longest = 0.0
        self._running: dict[subprocess.Popen[Any], float] = {}  # → when it was started

    def start(self, name: str) -> None:
        """Start another one, once there is room for it."""
        wait_for(lambda: self._poll() < AT_ONCE, 30, "the end of a short program")
        self._running[self.sandbox.python("-c", SHORT, name)] = time.monotonic()

    def collect(self) -> None:
        """Wait for all of them, and then up to 10 s until the broker knows their ends."""
        wait_for(lambda: self._poll() == 0, 30, "the end of all short programs")
        try:
            wait_for(self.sandbox.settled, 10, "the end of all operations")
        except TimeoutError:
            pass  # what is missing is counted
        self.completed.update(
            one.name for one in self.sandbox.operations() if one.state == "completed"
        )

    def _poll(self) -> int:
        now = time.monotonic()
        for process, begun in list(self._running.items()):
            if process.poll() is not None:
                self.longest = max(self.longest, now - begun)
                del self._running[process]
                self.sandbox.started.remove(process)
        return len(self._running)
