"""No desktop notifications at all, or only where something went wrong."""

from __future__ import annotations

import hashlib

from progress_tracker import ProgressTracker


def work(tracker: ProgressTracker) -> None:
    """Hash a few megabytes in one stage."""
    stage = tracker.add_stage("Hash")
    tracker.start()
    tracker.start_stage(stage)
    digest = hashlib.sha256()
    for step in range(20):
        digest.update(bytes(500_000))
        tracker.update_stage_progress(stage, progress=(step + 1) / 20)
        tracker.display_progress()
    tracker.complete_stage(stage)
    tracker.complete(message=f"sha256 {digest.hexdigest()[:12]}")


if __name__ == "__main__":
    work(ProgressTracker("Silent", enable_notifications=False))
    work(
        ProgressTracker(
            "Errors only",
            notification_on_complete=False,
            notification_on_error=True,
        )
    )
