"""A download that reports its bytes as they come in, in a plain program."""

from __future__ import annotations

import urllib.request

from mirror import mirror

from progress_tracker import ProgressTracker

SIZE = 30_000_000


def download(address: str) -> int:
    """Fetch one large file; return its size."""
    tracker = ProgressTracker("Downloading files")
    stage = tracker.add_stage("Download large_file.tar.gz", total_bytes=SIZE)
    tracker.start()
    tracker.start_stage(stage)
    received = 0
    with urllib.request.urlopen(address) as response:
        while True:
            chunk = response.read(8192)
            if not chunk:
                break
            received += len(chunk)
            tracker.update_stage_progress(stage, processed_bytes=received)
            tracker.display_progress()  # draws ten times a second at most
    tracker.complete_stage(stage)
    tracker.complete(success=True)
    return received


if __name__ == "__main__":
    with mirror(large_file=SIZE) as address:
        download(f"{address}/large_file")
