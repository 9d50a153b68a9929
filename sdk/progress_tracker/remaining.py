"""The seconds that an operation still takes, from what its stages have shown so far.

Stages in, a number out; the clock is the stages' own. It knows no earlier runs; the broker,
which does, makes its own estimate of the same operation for viewers.
"""

from __future__ import annotations

from progress_tracker.stage import ProgressStage, StageStatus, count_down

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence


def remaining(stages: Sequence[ProgressStage]) -> float | None:
    """Return the seconds until every stage has ended; None while nothing is known of any.

    A stage that reports is taken at its own pace. One that does not, or has yet to start, is
    taken to last as long as its like: one of known size at the throughput of the others of
    known size, any other as long as the others on average. Stages that run side by side are
    charged once, and what is to come is taken to run as many at a time as now. While bytes are to
    come at an unknown rate, no length of the others makes that "0s".
    """
    lengths: list[float] = []  # of stages without a size
    moved = 0  # bytes, in
    moving = 0.0  # seconds
    open_stages: list[tuple[ProgressStage, float | None]] = []
    known = False
    for stage in stages:
        left = None
        elapsed = stage.elapsed_time
        if stage.status is StageStatus.IN_PROGRESS:
            left = stage.remaining()
            open_stages.append((stage, left))
        elif stage.status is StageStatus.PENDING:
            open_stages.append((stage, None))
        elif stage.status is not StageStatus.COMPLETED:
            continue
        # One that was completed without a start has shown nothing of how long it took.
        timed = stage.status is StageStatus.COMPLETED and stage.start_time is not None
        measured = left is not None or timed
        known = known or measured
        if stage.total_bytes and stage.processed_bytes > 0 and elapsed > 0:
            moved += stage.processed_bytes
            moving += elapsed
        elif measured and not stage.total_bytes:
            lengths.append(elapsed + (left or 0.0))
    if not open_stages:
        return 0.0 if stages else None
    if not known:
        return None
    throughput = moved / moving if moved and moving > 0 else None
    from headway.estimate.cold.cold import TYPICAL  # noqa: PLC0415 - not needed to import the package

    typical = sum(lengths) / len(lengths) if lengths else TYPICAL
    running: list[float] = []
    coming = 0.0
    guessed = False  # of a known size, at an unknown rate
    for stage, left in open_stages:
        expected = left
        if expected is None:
            whole = typical
            if stage.total_bytes and stage.total_bytes > 0:
                guessed = guessed or not throughput
                if throughput:
                    whole = stage.total_bytes * (1.0 - stage.progress) / throughput
            expected = count_down(whole, stage.elapsed_time, whole)
        if stage.status is StageStatus.IN_PROGRESS:
            running.append(expected)
        else:
            coming += expected
    seconds = max(*running, (sum(running) + coming) / len(running)) if running else coming
    return None if guessed and round(seconds) == 0 else seconds
