"""Callbacks as installers call them today, wired to a tracker."""

from __future__ import annotations

import urllib.request
from typing import Callable

from mirror import mirror

from progress_tracker import ProgressTracker


def by_step(tracker: ProgressTracker) -> Callable[[int, int, str], None]:
    """For installers that call `(current, total, step)`: a stage is a step."""

    def step_begins(current: int, total: int, step: str) -> None:
        while len(tracker.stages) < total:
            tracker.add_stage(f"Step {len(tracker.stages) + 1}")
        if current > 1:
            tracker.complete_stage(current - 2)
        tracker.stages[current - 1].name = step
        tracker.start_stage(current - 1)
        tracker.display_progress()

    return step_begins


def by_percent(tracker: ProgressTracker, stage: int) -> Callable[[str, int], None]:
    """For those that call `(message, percent)`, where -1 means unknown."""

    def moved(_message: str, percent: int) -> None:
        tracker.update_stage_progress(stage, progress=percent / 100 if percent >= 0 else None)
        tracker.display_progress()

    return moved


def by_bytes(tracker: ProgressTracker, stage: int) -> Callable[[int, int], None]:
    """For those that call `(downloaded, total)` every 8 KiB; total 0 means unknown."""

    def received(downloaded: int, total: int) -> None:
        tracker.stages[stage].total_bytes = total or None
        tracker.update_stage_progress(stage, processed_bytes=downloaded)
        tracker.display_progress()

    return received


def main(address: str) -> None:
    """An installer with all three kinds of callback."""
    tracker = ProgressTracker("Installing three ways")
    tracker.start()
    begins = by_step(tracker)
    for number, step in enumerate(("Download", "Unpack", "Check"), 1):
        begins(number, 3, step)
        if step == "Download":
            report = by_bytes(tracker, number - 1)
            with urllib.request.urlopen(address) as response:
                downloaded = 0
                while True:
                    chunk = response.read(8192)
                    if not chunk:
                        break
                    downloaded += len(chunk)
                    report(downloaded, 0)
        else:
            told = by_percent(tracker, number - 1)
            for percent in (-1, 0, 50, 100):
                sum(range(200_000))
                told(step, percent)
    tracker.complete()


if __name__ == "__main__":
    with mirror(package=5_000_000) as address:
        main(f"{address}/package")
