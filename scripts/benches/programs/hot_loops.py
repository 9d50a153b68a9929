"""The loops of `benches.areas.hot`, on a terminal: writes nanoseconds per item as JSON.

Each case makes its bar or stage, times one loop, and ends it. Cases that are compared count the
same number of items.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, Callable

from benches.report import interleave

ITEMS = 1_000_000  # of the cheap loops
CALLS = 300_000  # of those that call something
DEAR = 30_000  # of those that take a lock and more
THREADS = 4
PAUSE = 0.02  # seconds after a case, for whoever reads the terminal to catch up

clock = time.process_time_ns
Case = Callable[[], float]


def empty(items: int) -> Case:
    def loop() -> float:
        begun = clock()
        for _ in range(items):
            pass
        return (clock() - begun) / items

    return loop


def empty_list(items: int) -> Case:
    listed = list(range(items))

    def loop() -> float:
        begun = clock()
        for _ in listed:
            pass
        return (clock() - begun) / items

    return loop


def generate(items: int) -> Any:
    yield from range(items)


def empty_generator(items: int) -> Case:
    def loop() -> float:
        begun = clock()
        for _ in generate(items):
            pass
        return (clock() - begun) / items

    return loop


def tqdm_cases(items: int, calls: int) -> dict[str, Case]:
    from tqdm import tqdm  # noqa: PLC0415 - a peer may be missing

    def iterate() -> float:
        begun = clock()
        for _ in tqdm(range(items)):
            pass
        return (clock() - begun) / items

    def update() -> float:
        with tqdm(total=calls) as bar:
            begun = clock()
            for _ in range(calls):
                bar.update(1)
            return (clock() - begun) / calls

    return {"tqdm iterate": iterate, "tqdm update": update}


def rich_cases(items: int, dear: int) -> dict[str, Case]:
    from rich.progress import Progress, track  # noqa: PLC0415 - as above

    def iterate() -> float:
        begun = clock()
        for _ in track(range(items)):
            pass
        return (clock() - begun) / items

    def advance() -> float:
        with Progress() as progress:
            task = progress.add_task("Working", total=dear)
            begun = clock()
            for _ in range(dear):
                progress.advance(task)
            return (clock() - begun) / dear

    return {"rich track": iterate, "rich advance": advance}


def alive_cases(dear: int) -> dict[str, Case]:
    from alive_progress import alive_bar, alive_it  # noqa: PLC0415 - as above

    def iterate() -> float:
        begun = clock()
        for _ in alive_it(range(dear)):
            pass
        return (clock() - begun) / dear

    def call() -> float:
        with alive_bar(dear) as bar:
            begun = clock()
            for _ in range(dear):
                bar()
            return (clock() - begun) / dear

    return {"alive iterate": iterate, "alive bar": call}


def headway_cases(items: int, calls: int, counted: dict[str, int]) -> dict[str, Case]:
    import headway  # noqa: PLC0415 - as above

    listed = list(range(items))

    def track(name: str, make: Callable[[], Any]) -> Case:
        counted[name] = items

        def loop() -> float:
            with headway.operation(name) as operation:
                begun = clock()
                for _ in operation.track(make(), "Loop", total=items):
                    pass
                return (clock() - begun) / items

        return loop

    def timed(name: str, loop: Callable[[Any], None]) -> Case:
        counted[name] = calls

        def case() -> float:
            with headway.operation(name) as operation, operation.stage(
                "Loop", total=calls
            ) as stage:
                begun = clock()
                loop(stage)
                return (clock() - begun) / calls

        return case

    def advance(stage: Any) -> None:
        for _ in range(calls):
            stage.advance()

    def update(stage: Any) -> None:
        for done in range(1, calls + 1):
            stage.update(done=done)

    def together(stage: Any) -> None:
        def part() -> None:
            for _ in range(calls // THREADS):
                stage.advance()

        threads = [threading.Thread(target=part) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return {
        "track range": track("track range", lambda: range(items)),
        "track list": track("track list", lambda: listed),
        "track generator": track("track generator", lambda: generate(items)),
        "advance": timed("advance", advance),
        "advance, 4 threads": timed("advance, 4 threads", together),
        "update": timed("update", update),
    }


class OriginalStage:
    """The fields that the original document's `update_stage_progress` works on."""

    def __init__(self, total_bytes: int) -> None:
        self.progress = 0.0
        self.total_bytes = total_bytes
        self.processed_bytes = 0


class OriginalTracker:
    """The original document's tracker, as far as `update_stage_progress` goes."""

    def __init__(self, total_bytes: int) -> None:
        self.stages = [OriginalStage(total_bytes)]

    def update_stage_progress(
        self, stage_index: int, progress: float | None = None, processed_bytes: int | None = None
    ) -> None:
        if 0 <= stage_index < len(self.stages):
            stage = self.stages[stage_index]
            if progress is not None:
                stage.progress = min(1.0, max(0.0, progress))
            if processed_bytes is not None:
                stage.processed_bytes = processed_bytes
                if stage.total_bytes and stage.total_bytes > 0:
                    stage.progress = min(1.0, processed_bytes / stage.total_bytes)


def tracker_cases(calls: int, counted: dict[str, int]) -> dict[str, Case]:
    from progress_tracker import ProgressTracker  # noqa: PLC0415 - as above

    def tracked(name: str, total: int | None, loop: Callable[[Any, int], None]) -> Case:
        def case() -> float:
            tracker = ProgressTracker(name, enable_notifications=False)
            stage = tracker.add_stage("Loop", total)
            tracker.start()
            tracker.start_stage(stage)
            begun = clock()
            loop(tracker, stage)
            spent = clock() - begun
            tracker.complete_stage(stage)
            tracker.complete()
            return spent / calls

        return case

    def count_bytes(tracker: Any, stage: int) -> None:
        for done in range(1, calls + 1):
            tracker.update_stage_progress(stage, processed_bytes=done)

    def count_share(tracker: Any, stage: int) -> None:
        for done in range(1, calls + 1):
            tracker.update_stage_progress(stage, done / calls)

    def original() -> float:
        tracker = OriginalTracker(calls)
        begun = clock()
        count_bytes(tracker, 0)
        return (clock() - begun) / calls

    counted["tracker bytes"] = calls
    return {
        "tracker bytes": tracked("tracker bytes", calls, count_bytes),
        "tracker share": tracked("tracker share", None, count_share),
        "original bytes": original,
    }


def main(rounds: int, scale: float) -> None:
    """Run all loops in turns, so many rounds."""
    result = int(os.environ.pop("BENCH_RESULT"))
    os.set_inheritable(result, False)
    items, calls, dear = (
        THREADS * max(1, int(size * scale) // THREADS) for size in (ITEMS, CALLS, DEAR)
    )
    counted: dict[str, int] = {}
    cases = {
        "empty loop": empty(items),
        "empty list": empty_list(items),
        "empty generator": empty_generator(items),
    }
    missing: list[str] = []
    for name, make in (
        ("tqdm", lambda: tqdm_cases(items, calls)),
        ("rich", lambda: rich_cases(items, dear)),
        ("alive-progress", lambda: alive_cases(dear)),
        ("headway", lambda: headway_cases(items, calls, counted)),
        ("progress_tracker", lambda: tracker_cases(calls, counted)),
    ):
        try:
            cases.update(make())
        except ImportError as error:
            missing.append(f"{name} was not measured: {error}")
    cpu = interleave(cases, rounds, after=lambda: time.sleep(PAUSE))
    with os.fdopen(result, "w") as output:
        json.dump({"cpu": cpu, "counted": counted, "missing": missing}, output)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
