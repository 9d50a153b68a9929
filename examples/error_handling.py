"""A download that fails, is tried again from another place, and every way to end."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from mirror import mirror

from progress_tracker import ProgressTracker


def download(addresses: list[str]) -> bool:
    """Try the addresses in turn; return whether one of them had the file."""
    tracker = ProgressTracker("Installing PostgreSQL")
    tracker.start()
    try:
        stage = tracker.add_stage("Download")
        for address in addresses:
            tracker.start_stage(stage)  # a stage that is started again starts afresh
            try:
                with urllib.request.urlopen(address) as response:
                    response.read()
            except urllib.error.URLError as error:
                tracker.complete_stage(stage, error=str(error))
                tracker.display_progress()
            else:
                tracker.complete_stage(stage)
                tracker.complete(success=True)
                return True
        tracker.complete(success=False, message="Download failed")
    except KeyboardInterrupt:
        tracker.cancel("Cancelled by user")
    except Exception as error:
        tracker.complete(success=False, message=str(error))
    return False


if __name__ == "__main__":
    with mirror(postgresql=1_000_000) as address:
        tries = [f"{address}/gone", f"{address}/postgresql"]
        if "--fail" in sys.argv:
            tries.pop()
        sys.exit(0 if download(tries) else 1)
