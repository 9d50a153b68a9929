"""What a broker that is absent, dead, stopped or slow, or an unread terminal, does to the work.

Every condition and the same program with HEADWAY=off run in turns, round by round: the ratio is
of the same round. Then many short programs, whose ends have all to be known.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from benches import terminal
from benches.report import Report, Row, figure, interleave, ratio
from benches.sandbox import Ground

AT_MOST = 1.05  # of the time with HEADWAY=off
EXIT = 1.0  # seconds that an exit may be delayed
SHORT = "import headway, sys\nwith headway.operation(sys.argv[1]): pass\n"
OPEN = ("pending", "running", "waiting")


@contextmanager
def healthy(ground: Ground) -> Iterator[dict[str, str]]:
    """A broker that a viewer follows."""
    broker = ground.broker()
    viewer = ground.python("-m", "headway", "view", "--display", "json", stdout=_NOWHERE)
    yield {}
    ground.end(viewer)
    ground.end(broker)


@contextmanager
def absent(_ground: Ground) -> Iterator[dict[str, str]]:
    """No broker, and none may be started."""
    yield {"HEADWAY_BROKER": "never"}


@contextmanager
def killed(ground: Ground) -> Iterator[dict[str, str]]:
    """A broker that is killed five times a second, and started by the program again."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.2):
            pid = _broker(ground)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    yield {}
    over.set()
    thread.join()
    ground.end_strays()


@contextmanager
def stopped(ground: Ground) -> Iterator[dict[str, str]]:
    """A broker that has got a SIGSTOP."""
    broker = ground.broker()
    broker.send_signal(signal.SIGSTOP)
    yield {}
    broker.send_signal(signal.SIGCONT)
    ground.end(broker)


@contextmanager
def slow(ground: Ground) -> Iterator[dict[str, str]]:
    """A broker that runs for 10 ms of each 100."""
    broker = ground.broker()
    over = threading.Event()

    def hold() -> None:
        while not over.is_set():
            broker.send_signal(signal.SIGSTOP)
            over.wait(0.09)
            broker.send_signal(signal.SIGCONT)
            time.sleep(0.01)

    thread = threading.Thread(target=hold)
    thread.start()
    yield {}
    over.set()
    thread.join()
    ground.end(broker)


@contextmanager
def full(ground: Ground) -> Iterator[dict[str, str]]:
    """No broker, and no byte free in the runtime directory."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", ground.runtime]
    subprocess.run(mount, check=True)
    with open(os.path.join(ground.runtime, "filler"), "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    yield {"HEADWAY_BROKER": "never"}
    subprocess.run(["umount", ground.runtime], check=True)


@contextmanager
def unread(ground: Ground) -> Iterator[dict[str, str]]:
    """A broker, and a terminal that nobody reads."""
    broker = ground.broker()
    yield {"TERM": "xterm-256color"}
    ground.end(broker)
    ground.end_strays()


_NOWHERE = subprocess.DEVNULL
CONDITIONS: dict[str, Callable[[Ground], Any]] = {
    "broker alive and followed": healthy,
    "no broker": absent,
    "broker killed 5 × a second": killed,
    "broker stopped (SIGSTOP)": stopped,
    "broker runs 10 % of the time": slow,
    "terminal unread": unread,
}
if os.geteuid() == 0:
    CONDITIONS["no broker, runtime disk full"] = full


def toil(condition: Callable[[Ground], Any], items: int, *, off: bool) -> dict[str, float]:
    """Run the program under a condition; what it told, and how long its exit took."""
    with Ground() as ground, condition(ground) as environ:
        master, slave = terminal.opened() if condition is unread else (None, None)
        read, write = os.pipe()
        stream = slave if slave is not None else subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-m", "benches.programs.workloads", str(items)],
            env={
                **ground.environ, **environ, "BENCH_RESULT": str(write),
                **({"HEADWAY": "off"} if off else {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            pass_fds=[write],
            start_new_session=True,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read, "rb") as result:
            told: dict[str, float] = json.loads(result.readline())
        process.wait(60)
        told["exit"] = time.monotonic() - told["left"]
        told["status"] = process.returncode
        if master is not None and slave is not None:
            os.close(slave)
            os.close(master)
            told["printed"] = 0
        else:
            told["printed"] = sum(map(len, process.communicate()))
        return told


def measure(quick: bool = False) -> Report:
    """The report."""
    rounds, items, short = (1, 100, 20) if quick else (7, 1000, 1000)
    cases = {
        f"{name}{suffix}": (lambda name=name, off=off: toil(CONDITIONS[name], items, off=off))
        for name in CONDITIONS
        for suffix, off in (("", False), (" off", True))
    }
    samples = interleave(cases, rounds)
    rows: list[Row] = []
    for name in CONDITIONS:
        ours, theirs = samples[name], samples[f"{name} off"]
        taken = [one["seconds"] for one in ours]
        versus = ratio(taken, [one["seconds"] for one in theirs])
        rows.append(
            Row(f"the work: {name}", figure(taken), "s", "HEADWAY=off", versus, at_most=AT_MOST)
        )
    for name in CONDITIONS:
        delay = [
            ours["exit"] - theirs["exit"]
            for ours, theirs in zip(samples[name], samples[f"{name} off"])
        ]
        rows.append(
            Row(f"its exit: {name}", figure(delay), "s more than HEADWAY=off", at_most=EXIT)
        )
    for name in CONDITIONS:
        held = [
            (ours["held"] - theirs["held"]) / 1e6
            for ours, theirs in zip(samples[name], samples[f"{name} off"])
        ]
        rows.append(Row(f"memory: {name}", figure(held), "MB more than HEADWAY=off"))
    known, longest = short_programs(short)
    rows.append(Row(f"longest of {short} short programs", figure([longest]), "s"))
    every = [one for some in samples.values() for one in some]
    checks = [
        (f"the ends of {known} of {short} short programs are known", known == short),
        ("nothing was printed", not any(one["printed"] for one in every)),
        ("every program ended with 0", not any(one["status"] for one in every)),
    ]
    notes = [
        f"The work: 20 stages of {items} items of about 50 µs, reported one by one.",
        "Its exit: from the last line of the program until its process is gone.",
    ]
    return Report("harm", "What happens to the work when reporting cannot", rows, notes, checks, [])


def short_programs(number: int, at_once: int = 8) -> tuple[int, float]:
    """How many of so many short programs have an end that is known; the longest one's seconds."""
    with Ground() as ground:
        longest = 0.0
        running: list[tuple[float, subprocess.Popen[Any]]] = []
        for count in range(number):
            while len(running) >= at_once:
                time.sleep(0.005)
                for begun, process in list(running):
                    if process.poll() is not None:
                        longest = max(longest, time.monotonic() - begun)
                        running.remove((begun, process))
                        ground.started.remove(process)
            process = ground.python("-c", SHORT, f"short {count}")
            running.append((time.monotonic(), process))
            if count % 200 == 199:
                _take_down(ground, running)
        _take_down(ground, running)
        return len(_KNOWN.pop(ground.runtime, set())), longest


# Names whose operations were seen to have completed, by runtime directory: a broker keeps 500.
_KNOWN: dict[str, set[str]] = {}


def _take_down(ground: Ground, running: list[tuple[float, subprocess.Popen[Any]]]) -> None:
    for _, process in running:
        process.wait(30)
    until = time.monotonic() + 10
    known = _KNOWN.setdefault(ground.runtime, set())
    while True:
        found = ground.snapshot()
        known.update(one.name for one in found if one.state == "completed")
        if time.monotonic() > until or not any(one.state in OPEN for one in found):
            return
        time.sleep(0.1)


def _broker(ground: Ground) -> int | None:
    try:
        with open(os.path.join(ground.runtime, "broker.lock"), encoding="ascii") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/environ", "rb") as environ:
            ours = f"HEADWAY_RUNTIME_DIR={ground.runtime}\0".encode() in environ.read()
    except (OSError, ValueError):
        return None
    return pid if ours else None
