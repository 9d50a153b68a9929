"""`python -m chaos_testing.worker KIND SEED`: a program that reports, and writes down what is true.

The journal's line that an operation will end is written before the call that ends it, the
one that it has ended after it. All calls of the SDK are timed.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
import time
from types import TracebackType
from typing import Any, Callable

import headway
from chaos_testing.call_timer import Stopwatch, run_delays
from chaos_testing.journal import Journal
from headway.reporting.reporter import here
from headway.reporting.thread import Link

WORDS = ("Download", "Unpack", "Configure", "Compile", "Check", "Copy", "Index", "Clean up")


class Worker:
    """What all kinds of programs do: operations whose truth is known beside the SDK."""

    def __init__(self, kind: str, dice: random.Random) -> None:
        self.kind = kind
        self.dice = dice
        self.journal = Journal(kind)
        self.watch = Stopwatch()
        self.number = 0
        self.unsafe: list[str] = []
        self.journal.write("begun")

    def work(self, longest: float = 0.2) -> None:
        """Do something that is not reporting."""
        time.sleep(self.dice.random() * longest)

    def look(self) -> None:
        """Write down which ends have been acknowledged by now, and how long calls took."""
        pending = here().publisher.operations
        for identity in [one for one in self.unsafe if one not in pending]:
            self.unsafe.remove(identity)
            if not here().closed:
                self.journal.write("safe", op=identity)
        self.journal.write("called", **self.watch.facts())

    def operation(self, name: str | None = None) -> Witnessed:
        """A new operation, running."""
        self.number += 1
        return Witnessed(self, name or f"{self.kind} {os.getpid()} {self.number}")


class Witnessed:
    """An operation, and the truth about it as a context manager: how it is left is its end."""

    def __init__(self, worker: Worker, name: str) -> None:
        self.worker = worker
        self.watch = worker.watch
        self.wanted: str | None = None
        self.stages: dict[str, list[Any]] = {}
        self.handle = self.watch.call(headway.operation, name)
        self.id = self.handle.id
        self.handle.on_cancel(self._cancel)
        self.name = name
        self.pid = os.getpid()

    def _cancel(self, request: Any) -> None:
        self.wanted = request.reason or ""

    def start(self) -> Witnessed:
        """Open it."""
        self.worker.journal.write("open", op=self.id, name=self.name)
        self.watch.call(self.handle.start)
        return self

    def stage(
        self, name: str, most: int = 20, *, pause: float = 0.15, end: str = "complete"
    ) -> None:
        """Run a stage to its end."""
        truth = self.stages.setdefault(name, [None, 0])
        total = self.worker.dice.choice((None, most * 10))
        stage = self.watch.call(self.handle.stage, name, total=total)
        self.watch.call(stage.start)
        for _ in range(self.worker.dice.randint(1, most)):
            if self.wanted is not None:
                raise headway.Cancelled(self.wanted)
            self.worker.work(pause)
            steps = self.worker.dice.randint(1, 500)
            self.watch.call(_advance, stage, steps)
            truth[1] += steps
        if end == "fail":
            self.watch.call(stage.fail, "it broke")
            truth[0] = "failed"
        elif end == "skip":
            self.watch.call(stage.skip, "not needed")
            truth[0] = "skipped"
        elif end == "complete":
            self.watch.call(stage.complete)
            truth[0] = "completed"

    def end(self, state: str, error: str | None, call: Callable[..., Any], *arguments: Any) -> None:
        """End it by `call`, which is to lead to `state`."""
        if os.getpid() != self.pid:
            call(*arguments)  # a forked child on its way out: this must end nothing
            return
        facts = {"op": self.id, "state": state, "error": error, "stages": self.stages}
        self.worker.journal.write("ending", **facts)
        self.watch.call(call, *arguments)
        self.worker.journal.write("ended", **facts)
        self.worker.unsafe.append(self.id)

    def __enter__(self) -> Witnessed:  # noqa: PYI034 - Self is not in 3.8
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
        return isinstance(error, (Broken, headway.Cancelled))


class Broken(Exception):
    """A program's own failure."""


def _advance(stage: Any, steps: int) -> None:
    for _ in range(steps):
        stage.advance()


def steady(worker: Worker) -> None:
    """A few operations of a few stages, which end in every way."""
    dice = worker.dice
    for _ in range(dice.randint(1, 3)):
        with worker.operation() as op:
            for name in dice.sample(WORDS, dice.randint(1, 4)):
                op.stage(name, end=dice.choice(("complete",) * 6 + ("fail", "skip", "leave")))
            if dice.random() < 0.3:
                raise Broken("no space left on the moon")
        worker.look()


def short(worker: Worker) -> None:
    """It ends right after its last update."""
    with worker.operation() as op:
        op.stage("Only", most=2, pause=0.01)


def patient(worker: Worker) -> None:
    """One long operation with little to say."""
    with worker.operation() as op:
        op.stage("Wait", most=20, pause=1.0)
        worker.look()


def crowd(worker: Worker) -> None:
    """Many operations at the same time, from threads."""

    def one() -> None:
        with worker.operation() as op:
            for name in WORDS[:3]:
                op.stage(name, most=6, pause=0.3)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.look()


def event_loop(worker: Worker) -> None:
    """Operations of asyncio tasks."""

    async def one(number: int) -> None:
        with worker.operation() as op:
            for step in range(worker.dice.randint(2, 20)):
                await asyncio.sleep(worker.dice.random() * 0.2)
                op.stage(f"Step {step}", most=1, pause=0.0)
            if number == 0:
                raise Broken("a task failed")

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(5)))

    asyncio.run(all_of_them())
    worker.look()


def forker(worker: Worker) -> None:
    """Forked children that count in a stage of their parent, and report on their own."""
    with worker.operation() as op:
        stage = worker.watch.call(op.handle.stage, "Together")
        worker.watch.call(stage.start)
        op.stages["Together"] = [None, 0]
        pids = []
        for number in range(worker.dice.randint(2, 8)):
            seed = worker.dice.random()
            pid = os.fork()
            if pid == 0:
                _child(worker, op, stage, random.Random(seed), number)
            pids.append(pid)
            worker.work(0.05)
        op.stages["Together"][1] += 7
        worker.watch.call(_advance, stage, 7)
        for pid in pids:
            os.waitpid(pid, 0)
    worker.look()


def _child(worker: Worker, parent: Witnessed, stage: Any, dice: random.Random, number: int) -> None:
    worker.dice, worker.unsafe = dice, []
    steps = 0
    for _ in range(dice.randint(1, 10)):
        worker.work(0.1)
        steps += 50
        worker.journal.write("shared", op=parent.id, stage="Together", done=steps)
        worker.watch.call(_advance, stage, 50)
    if number % 3 == 0:
        with worker.operation() as op:
            op.stage("Alone", most=4)
    how = dice.choice(("exit", "exit", "os._exit"))
    _leave(worker, how)
    if how == "exit":
        sys.exit(0)
    os._exit(0)


def flood(worker: Worker) -> None:
    """As much as it can: steps, details, lines, stages, operations."""
    until = time.monotonic() + worker.dice.uniform(0.5, 2.0)
    with worker.operation() as op:
        stage = op.handle.stage("Flood", total=10**9).start()
        truth = op.stages["Flood"] = [None, 0]
        number = 0
        while time.monotonic() < until:
            number += 1
            _advance(stage, 5_000)
            truth[1] += 5_000
            stage.update(detail=f"item {number} " + "x" * 200)
            op.handle.log("a line that nobody needs " * 10)
            with op.handle.stage(f"Part {number % 300}"):
                pass
    worker.look()


def burst(worker: Worker) -> None:
    """Operations as fast as they can be opened and ended."""
    for _ in range(worker.dice.randint(5, 25)):
        with worker.operation():
            pass
    worker.look()


def dropper(worker: Worker) -> None:
    """It leaves by os._exit in the middle of an operation: nobody else may say it completed."""
    op = worker.operation().start()
    op.stage("Middle", most=5)
    worker.look()
    _leave(worker, "os._exit")
    os._exit(3)


KINDS: dict[str, Callable[[Worker], None]] = {
    function.__name__: function
    for function in (
        steady, short, patient, crowd, event_loop, forker, flood, burst, dropper,
    )
}  # fmt: skip


def _leave(worker: Worker, how: str) -> None:
    worker.journal.write("called", **worker.watch.facts())
    worker.journal.write("leaving", how=how, waited=run_delays())


def _witness_parting(worker: Worker) -> None:
    """Write down when the SDK's thread is done, in every forked child, too."""
    run = Link._run

    def witnessed(link: Link) -> None:
        run(link)
        worker.journal.write("parted", waited=run_delays())

    Link._run = witnessed  # type: ignore[method-assign]


def main(argv: list[str]) -> int:
    """Be a worker of a kind."""
    kind, seed = argv
    worker = Worker(kind, random.Random(seed))
    _witness_parting(worker)
    KINDS[kind](worker)
    _leave(worker, "exit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
