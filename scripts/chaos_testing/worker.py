"""`worker KIND SEED`: a program that reports, and keeps a journal of the truth.

The line that an operation is ending is written before the call that ends it, the line that it has
ended after it. All calls of the SDK are timed. Absent: what the SDK does by itself (`witness`).
"""

from __future__ import annotations

import asyncio
import enum
import multiprocessing
import os
import random
import sys
import threading
import time
from types import TracebackType
from typing import Any, Callable

import headway
from chaos_testing import witness
from chaos_testing.call_timer import CallTimer, run_delays
from chaos_testing.journal import Journal, StageTruth
from headway.reporting.reporter import reporter

STARVED = "HEADWAY_CHAOS_STARVED"  # the path of a file: while it is there, exits are starved
STOPS = "HEADWAY_CHAOS_STOPS"  # the share of exits that stop themselves
SECONDS = (1.0, 1.0, 2.0, 4.0, 8.0)  # for which an exit is stopped

WORDS = ("Download", "Unpack", "Configure", "Compile", "Check", "Copy", "Index", "Clean up")


class Worker:
    """What all kinds of programs have: a journal, timed calls and operations."""

    def __init__(self, kind: str, rng: random.Random) -> None:
        self.kind = kind
        self.rng = rng
        self.journal = Journal(kind)
        self.timer = CallTimer()
        self.number = 0
        self.unacknowledged: list[str] = []
        self.journal.write("begun")

    def work(self, longest: float = 0.2) -> None:
        """Sleep, as a program works between two reports."""
        time.sleep(self.rng.random() * longest)

    def record(self) -> None:
        """Record which ends are acknowledged by now, and how long calls took."""
        pending = reporter().publisher.operations
        for identity in [one for one in self.unacknowledged if one not in pending]:
            self.unacknowledged.remove(identity)
            if not reporter().closed:
                self.journal.write("acknowledged", op=identity)
        self.journal.write("called", **self.timer.facts())

    def operation(self) -> JournaledOperation:
        """Return a new operation."""
        self.number += 1
        return JournaledOperation(self, f"{self.kind} {os.getpid()} {self.number}")


class JournaledOperation:
    """An operation, and the truth about it. As a context manager it ends as it is left."""

    def __init__(self, worker: Worker, name: str) -> None:
        self.worker = worker
        self.timer = worker.timer
        self.cancel_reason: str | None = None
        self.stages: dict[str, StageTruth] = {}
        self.handle = self.timer.call(headway.operation, name)
        self.id = self.handle.id
        self.handle.on_cancel(self._on_cancel)
        self.name = name
        self.pid = os.getpid()

    def _on_cancel(self, request: Any) -> None:
        self.cancel_reason = request.reason or ""

    def start(self) -> JournaledOperation:
        """Start the operation."""
        self.worker.journal.write("open", op=self.id, name=self.name)
        self.timer.call(self.handle.start)
        if self.worker.kind == "cold":
            witness.tell(f"begun {self.pid}")
        return self

    def stage(
        self, name: str, most: int = 20, *, pause: float = 0.15, end: str = "complete"
    ) -> None:
        """Run a stage to its end."""
        truth = self.stages.setdefault(name, StageTruth())
        total = self.worker.rng.choice((None, most * 10))
        stage = self.timer.call(self.handle.stage, name, total=total)
        self.timer.call(stage.start)
        for _ in range(self.worker.rng.randint(1, most)):
            if self.cancel_reason is not None:
                raise headway.Cancelled(self.cancel_reason)
            self.worker.work(pause)
            steps = self.worker.rng.randint(1, 500)
            self.timer.call(_advance, stage, steps)
            truth.done += steps
        if end == "fail":
            self.timer.call(stage.fail, "it broke")
            truth.state = "failed"
        elif end == "skip":
            self.timer.call(stage.skip, "not needed")
            truth.state = "skipped"
        elif end == "complete":
            self.timer.call(stage.complete)
            truth.state = "completed"

    def end(self, state: str, error: str | None, call: Callable[..., Any], *arguments: Any) -> None:
        """End the operation by `call`, which leads to `state`."""
        if os.getpid() != self.pid:
            call(*arguments)  # a forked child that leaves the block: this must end nothing
            return
        stages = {name: vars(stage) for name, stage in self.stages.items()}
        facts = {"op": self.id, "state": state, "error": error, "stages": stages}
        self.worker.journal.write("ending", **facts)
        self.timer.call(call, *arguments)
        self.worker.journal.write("ended", **facts)
        self.worker.unacknowledged.append(self.id)

    def __enter__(self) -> JournaledOperation:  # noqa: PYI034 - Self is not in 3.8
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if error is None:
            self.end("completed", None, self.handle.complete)
        elif isinstance(error, headway.Cancelled):
            self.end("cancelled", None, self.handle.cancel, str(error))
        else:
            self.end("failed", str(error), self.handle.fail, error)
        return isinstance(error, (InducedError, headway.Cancelled))


class InducedError(Exception):
    """The failure of a program that is to fail."""


def _advance(stage: Any, steps: int) -> None:
    for _ in range(steps):
        stage.advance()


def steady(worker: Worker) -> None:
    """Run a few operations of a few stages, which end in every way."""
    rng = worker.rng
    for _ in range(rng.randint(1, 3)):
        with worker.operation() as op:
            for name in rng.sample(WORDS, rng.randint(1, 4)):
                op.stage(name, end=rng.choice(("complete",) * 6 + ("fail", "skip", "leave")))
            if rng.random() < 0.3:
                raise InducedError("no space left on device")
        worker.record()


def short(worker: Worker) -> None:
    """End right after the last update."""
    with worker.operation() as op:
        op.stage("Only", most=2, pause=0.01)


def slow(worker: Worker) -> None:
    """Run one long operation with few updates."""
    with worker.operation() as op:
        op.stage("Wait", most=20, pause=1.0)
        worker.record()


def threaded(worker: Worker) -> None:
    """Run operations in several threads at the same time."""

    def one() -> None:
        with worker.operation() as op:
            for name in WORDS[:3]:
                op.stage(name, most=6, pause=0.3)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.record()


def event_loop(worker: Worker) -> None:
    """Run operations in asyncio tasks."""

    async def one(number: int) -> None:
        with worker.operation() as op:
            for step in range(worker.rng.randint(2, 20)):
                await asyncio.sleep(worker.rng.random() * 0.2)
                op.stage(f"Step {step}", most=1, pause=0.0)
            if number == 0:
                raise InducedError("a task failed")

    async def run_all() -> None:
        await asyncio.gather(*(one(number) for number in range(5)))

    asyncio.run(run_all())
    worker.record()


def forker(worker: Worker) -> None:
    """Fork children that count in a stage of their parent, and report operations of their own."""
    with worker.operation() as op:
        stage = worker.timer.call(op.handle.stage, "Together")
        worker.timer.call(stage.start)
        op.stages["Together"] = StageTruth()
        pids = []
        for number in range(worker.rng.randint(2, 8)):
            seed = worker.rng.random()
            pid = os.fork()
            if pid == 0:
                _child(worker, op, stage, random.Random(seed), number)
            pids.append(pid)
            worker.work(0.05)
        op.stages["Together"].done += 7
        worker.timer.call(_advance, stage, 7)
        for pid in pids:
            os.waitpid(pid, 0)
    worker.record()


def _child(
    worker: Worker, parent: JournaledOperation, stage: Any, rng: random.Random, number: int
) -> None:
    worker.rng, worker.unacknowledged = rng, []
    steps = 0
    for _ in range(rng.randint(1, 10)):
        worker.work(0.1)
        steps += 50
        worker.journal.write("shared", op=parent.id, stage="Together", done=steps)
        worker.timer.call(_advance, stage, 50)
    if number % 3 == 0:
        with worker.operation() as op:
            op.stage("Alone", most=4)
    how = rng.choice(("exit", "exit", "os._exit"))
    _leave(worker, how)
    if how == "exit":
        sys.exit(0)
    os._exit(0)


def flood(worker: Worker) -> None:
    """Report as much as it can: counts, details, lines and stages."""
    until = time.monotonic() + worker.rng.uniform(0.5, 2.0)
    with worker.operation() as op:
        stage = op.handle.stage("Flood", total=10**9).start()
        truth = op.stages["Flood"] = StageTruth()
        number = 0
        while time.monotonic() < until:
            number += 1
            _advance(stage, 5_000)
            truth.done += 5_000
            stage.update(detail=f"item {number} " + "x" * 200)
            op.handle.log("a line of output " * 10)
            with op.handle.stage(f"Part {number % 300}"):
                pass
    worker.record()


def burst(worker: Worker) -> None:
    """Start and end operations as fast as it can."""
    for _ in range(worker.rng.randint(20, 60)):
        with worker.operation():
            pass
    worker.record()


def hard_exit(worker: Worker) -> None:
    """Leave by os._exit in the middle of an operation, which must not be shown as completed."""
    op = worker.operation().start()
    op.stage("Middle", most=5)
    op.end("failed", "exit status 3", lambda: None)  # by `os._exit`
    worker.record()
    _leave(worker, "os._exit")
    os._exit(3)


def cold(worker: Worker) -> None:
    """Begin and perhaps end something, as the experiment kills it soon, beside a broker to come."""
    with worker.operation():
        pass
    with worker.operation() as op:
        op.stage("Cold", most=5, pause=0.1)


class Level(enum.IntEnum):
    """Whole numbers with names."""

    THREE = 3
    SEVEN = 7


class Text(str):
    """A text of another type."""

    __slots__ = ()


class Real(float):
    """A number of another type."""

    __slots__ = ()


class Scalar:
    """A number as numpy has them: none of Python's types, but it can be converted."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return float(self.value)


class Whole(Scalar):
    """A whole number as numpy has them."""

    def __index__(self) -> int:
        return int(self.value)


def odd(worker: Worker) -> None:
    """Report values that are not exactly int, float or str."""
    name = Text(f"{worker.kind} {os.getpid()} odd")
    op = JournaledOperation(worker, name)
    with op:
        stage = op.handle.stage(Text("Odd"), total=worker.rng.choice((Level.SEVEN, Real(50.0))))
        worker.timer.call(stage.start)
        truth = op.stages["Odd"] = StageTruth()
        for step in (Level.THREE, Real(2.0), worker.rng.choice((Level.SEVEN, Real(1.0)))):
            worker.timer.call(stage.advance, step)
            truth.done += float(step)
        worker.timer.call(stage.update, detail=Text("detail"), unit=Text("B"))
        done = worker.rng.choice((Whole(20), Scalar(21.5)))
        worker.timer.call(stage.update, done=done, total=Whole(40))
        truth.done = done.value
        if worker.rng.random() < 0.3:
            raise InducedError(Text("an odd text"))


def pool(worker: Worker) -> None:
    """Run jobs in a pool that is terminated while some of them run."""
    global _pooled  # noqa: PLW0603 - what the processes of the pool inherit
    _pooled = worker
    seeds = [worker.rng.random() for _ in range(100)]
    with worker.operation() as op:
        op.stage("Jobs", most=1)
        jobs = multiprocessing.get_context("fork").Pool(3)
        jobs.map_async(_job, seeds, chunksize=1)
        worker.work(1.5)
        pids = [child.pid for child in multiprocessing.active_children()]
        worker.journal.write("terminated", pids=pids)
        jobs.terminate()
        jobs.join()
        worker.journal.write("terminated", pids=pids)


def _job(seed: float) -> None:
    worker = _pooled
    assert worker is not None
    worker.rng = random.Random(seed)
    with worker.operation() as op:
        op.stage("Job", most=3, pause=0.05)
    worker.record()


_pooled: Worker | None = None


KINDS: dict[str, Callable[[Worker], None]] = {
    function.__name__: function
    for function in (
        steady, short, slow, threaded, event_loop, forker, flood, burst, hard_exit, cold, odd, pool,
    )
}  # fmt: skip


def _leave(worker: Worker, how: str) -> None:
    worker.journal.write("called", **worker.timer.facts())
    worker.journal.write("leaving", how=how, waited=run_delays())
    if os.path.exists(os.environ.get(STARVED, "")):
        for thread in os.listdir("/proc/self/task"):
            try:
                os.setpriority(os.PRIO_PROCESS, int(thread), 19)
            except ProcessLookupError:
                continue  # it has ended
    rng = random.Random(os.urandom(8))
    if rng.random() < float(os.environ.get(STOPS, "0")):
        witness.stop_at(rng.choice(list(witness.POINTS)), rng.choice(SECONDS))
    else:
        witness.tell(f"leaving {os.getpid()}")


def main(argv: list[str]) -> int:
    """Run a worker of a kind."""
    kind, seed = argv
    worker = Worker(kind, random.Random(seed))
    witness.watch(worker.journal)
    KINDS[kind](worker)
    _leave(worker, "exit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
