"""Small programs that report: `python -m benches.programs.workloads NAME [NUMBER…]`.

idle                          one running stage that does not move, until standard input ends
steady STAGES RATE            RATE updates a second, until standard input ends
timestamps COUNT              prints when it ended which stage and made which update
crowd OPERATIONS STAGES RATE  so many operations of so many stages each, of which RATE move in a
                              second, until standard input ends
clock                         tells the time as a detail, until standard input ends
memory OPERATIONS STAGES      prints how many bytes a stage costs the process
flood THREADS SECONDS         prints the peak of the memory while so many threads only count
compute ITEMS MORE            writes to BENCH_RESULT how long 20 stages of ITEMS items took, each of
                              MORE percent more, by turns with another such program
spool COUNT                   prints how long the files of so many ends took, each
daemons COUNT                 ends while so many daemon threads go on reporting
stages COUNT                  ends with so many stages
forks COUNT                   forks so many children, one after another, that report and leave
"""

from __future__ import annotations

import json
import os
import random
import resource
import select
import sys
import threading
import time

import headway
from benches.resources import peak_rss, rss, run_delay

BUSY = 2000  # numbers that are summed for each item: about 50 µs
TURN = 100  # items
STARTED = 0.7  # seconds in which pyzmq is imported and the connection stands
PUBLISHED = 2.0  # seconds in which the SDK's thread has sent the last counts, and freed them


def idle() -> None:
    """Open one stage, advance it once, and wait."""
    with headway.operation("Idle") as operation, operation.stage("one", total=10) as stage:
        stage.advance()
        sys.stdin.read()


def steady(stages: int, rate: int) -> None:
    """Advance one stage after another, eight times each."""
    with headway.operation("Steady") as operation:
        running = [operation.stage(f"stage {n}", total=1_000_000).start() for n in range(stages)]
        turn = 0
        while not select.select([sys.stdin], [], [], 1 / rate)[0]:
            turn += 1
            running[turn // 8 % stages].advance()


def crowd(operations: int, stages: int, rate: int) -> None:
    """Open so many operations and stages, and advance one after another."""
    opened = [headway.operation(f"Crowd {number}").start() for number in range(operations)]
    running = [
        operation.stage(f"stage {number}", total=1_000_000).start()
        for operation in opened
        for number in range(stages)
    ]
    turn = 0
    while not select.select([sys.stdin], [], [], 1 / rate)[0]:
        running[turn % len(running)].advance()
        turn += 1


def timestamps(count: int) -> None:
    """End so many stages and make so many updates; print the monotonic time of each as JSON."""
    ends: list[tuple[str, float]] = []
    updates: list[tuple[float, int]] = []
    rng = random.Random(6)
    with headway.operation("Timestamps") as operation:
        time.sleep(0.7)  # until the connection stands
        for index in range(count):
            stage = operation.stage(f"end {index}").start()
            time.sleep(rng.uniform(0.02, 0.06))
            ends.append((stage.name, time.monotonic()))
            stage.complete()
        counted = operation.stage("count", total=count).start()
        for index in range(count):
            time.sleep(rng.uniform(0.01, 0.06))
            updates.append((time.monotonic(), index + 1))
            counted.advance()
        time.sleep(0.3)  # so that the last update is sent as one, and not with the end
    print(json.dumps({"ends": ends, "updates": updates}), flush=True)


def clock() -> None:
    """Tell the time of each update, in milliseconds of the wall clock."""
    rng = random.Random(6)
    with headway.operation("Clock") as operation, operation.stage("tick") as stage:
        while not select.select([sys.stdin], [], [], rng.uniform(0.2, 0.6))[0]:
            stage.update(detail=f"at {time.time() * 1000:.0f} ms")


def memory(operations: int, stages: int) -> None:
    """Print the resident bytes that each of so many stages adds."""
    from headway.reporting.reporter import reporter  # noqa: PLC0415 - of few workloads

    with headway.operation("warm-up") as first:
        first.stage("one").start()
        while reporter().publisher.welcome is None:  # what is imported for it is of no stage
            time.sleep(0.05)
    time.sleep(PUBLISHED)
    before = rss(os.getpid())
    started = []
    for number in range(operations):
        operation = headway.operation(f"operation {number}").start()
        started += [operation.stage(f"stage {n}", total=1_000_000).start() for n in range(stages)]
    for stage in started:
        stage.advance()
    time.sleep(PUBLISHED)
    print(json.dumps({"each": (rss(os.getpid()) - before) / len(started)}), flush=True)
    os._exit(0)


def flood(threads: int, seconds: int) -> None:
    """Print the peak resident bytes of threads that advance one stage as fast as they can."""
    ended = threading.Event()
    counts: list[int] = []
    with headway.operation("Flood") as operation, operation.stage("steps") as stage:

        def count() -> None:
            steps = 0
            while not ended.is_set():
                for _ in range(1000):
                    stage.advance(1)
                steps += 1000
            counts.append(steps)

        counting = [threading.Thread(target=count) for _ in range(threads)]
        for thread in counting:
            thread.start()
        time.sleep(seconds)
        ended.set()
        for thread in counting:
            thread.join()
        exact = stage.done == sum(counts)
    print(json.dumps({"peak": peak_rss(os.getpid()), "exact": exact}), flush=True)


class Turns:
    """Work by turns with another process, and the seconds that this one's have taken.

    Those are its main thread's, less those in which it waited for a processor: what it computed,
    and what it was blocked. What other threads of this process compute in the turns of the other
    one counts as well: it would have been taken from the work.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._other = int(os.environ["BENCH_TURNS"])
        self._begun = self._delayed = 0.0
        self._computed: float | None = None  # by other threads, at the end of the last turn

    def take(self) -> None:
        """Wait for a turn."""
        if not os.read(self._other, 1):
            raise EOFError("the other program has ended")
        if self._computed is not None:
            self.seconds += _computed_by_others() - self._computed
        self._delayed, self._begun = run_delay(), time.monotonic()

    def give(self) -> None:
        """End a turn."""
        took = time.monotonic() - self._begun
        self.seconds += took - (run_delay() - self._delayed)
        self._computed = _computed_by_others()
        os.write(self._other, b".")


def compute(items: int, more: int) -> None:
    """Work through 20 stages and report every item; write what that took as a line of JSON.

    What is imported for the first report is over by then. Beside the seconds of the turns it writes
    `threads`: what all other threads of the process have computed meanwhile. Both programs run on
    one processor, of those there are, whose pace changes with what its neighbours do.
    """
    busy = range(BUSY + BUSY * more // 100)
    turns = Turns()
    with headway.operation("Compute") as operation:
        _start()
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])  # of this thread alone
        turns.take()
        others = _computed_by_others()
        for number in range(20):
            with operation.stage(f"stage {number}", total=items) as stage:
                for item in range(items):
                    sum(busy)
                    stage.advance()
                    if item % TURN == 0:
                        stage.update(detail=f"item {item}")
                        turns.give()
                        turns.take()
            operation.log(f"stage {number} is done")
        others = _computed_by_others() - others
        turns.give()
        sys.stdin.read()
    _leave(seconds=turns.seconds, threads=others)


def _computed_by_others() -> float:
    """Return the seconds that all other threads of this process have computed."""
    return time.process_time() - time.thread_time()


def _start() -> None:
    """Wait until the thread of Headway, if there is one, has imported what it sends by."""
    reporting = os.environ.get("HEADWAY") != "off"
    while reporting and "headway.reporting.connection" not in sys.modules:
        time.sleep(0.05)
    time.sleep(STARTED)


def spool(count: int) -> None:
    """Print how long the file of one end takes, written and removed, as in an exit."""
    from headway.reporting.reporter import reporter  # noqa: PLC0415 - of this workload alone

    own = reporter()
    took: list[float] = []
    with headway.operation("Spool"):
        time.sleep(STARTED)
        while len(took) < count:
            with headway.operation("Short"):
                pass
            begun, delayed = time.monotonic(), run_delay()
            own.exit_spool.write(own.next_spool_name())
            written = own.exit_spool.filled
            own.exit_spool.withdraw()
            if written:  # else it was acknowledged already
                took.append(time.monotonic() - begun - (run_delay() - delayed))
    print(json.dumps(took), flush=True)


def daemons(count: int) -> None:
    """End while daemon threads open and end operations."""

    def report() -> None:
        while True:
            with headway.operation("Daemon") as operation, operation.stage("step") as stage:
                stage.advance()

    for _ in range(count):
        threading.Thread(target=report, daemon=True).start()
    time.sleep(STARTED)
    _leave()


def stages(count: int) -> None:
    """End after an operation of many stages."""
    with headway.operation("Stages") as operation:
        for number in range(count):
            with operation.stage(f"stage {number}"):
                pass
    _leave()


def forks(count: int) -> None:
    """Fork children one after another that count in a stage of this process, and leave."""
    with headway.operation("Forks") as operation, operation.stage("steps", total=count) as stage:
        time.sleep(STARTED)
        begun = time.monotonic()
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                stage.advance()
                os._exit(0)
            os.waitpid(pid, 0)
        seconds = time.monotonic() - begun
    _leave(seconds=seconds)


def _leave(**facts: float) -> None:
    """Write what is known to BENCH_RESULT, just before the program ends."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    facts = {**facts, "peak": peak_rss(os.getpid()), "cpu": own.ru_utime + own.ru_stime}
    facts["left"] = time.monotonic()
    os.write(int(os.environ["BENCH_RESULT"]), json.dumps(facts).encode() + b"\n")


WORKLOADS = {
    workload.__name__: workload
    for workload in (
        idle,
        steady,
        crowd,
        timestamps,
        clock,
        memory,
        flood,
        compute,
        spool,
        daemons,
        stages,
        forks,
    )
}

if __name__ == "__main__":
    WORKLOADS[sys.argv[1]](*map(int, sys.argv[2:]))
