"""Plain text, even where rich is installed: for terminals that draw it badly."""

from __future__ import annotations

import progress_tracker
from progress_tracker import ProgressTracker

progress_tracker.RICH_AVAILABLE = False


def main() -> None:
    """Look for perfect numbers, and draw only every tenth time."""
    tracker = ProgressTracker("Looking for perfect numbers")
    stage = tracker.add_stage("Look below 2,000")
    tracker.start()
    tracker.start_stage(stage)
    found = []
    for number in range(2, 2000):
        if sum(n for n in range(1, number // 2 + 1) if number % n == 0) == number:
            found.append(number)
        if number % 10 == 0:
            tracker.update_stage_progress(stage, progress=number / 2000)
            tracker.display_progress()
    tracker.complete_stage(stage)
    tracker.complete(message=f"found {found}")


if __name__ == "__main__":
    main()
