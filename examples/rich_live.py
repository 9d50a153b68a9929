"""A picture that keeps itself up to date while the stages do their work."""

from __future__ import annotations

import asyncio
import hashlib
import urllib.request

from mirror import mirror

from progress_tracker import RichProgressTracker

SIZES = {"engine": 12_000_000, "client": 4_000_000, "plugins": 8_000_000}


def fetch(tracker: RichProgressTracker, stage: int, address: str) -> str:
    """Download what is at `address` in a stage; return its checksum."""
    digest = hashlib.sha256()
    received = 0
    with urllib.request.urlopen(address) as response:
        while True:
            chunk = response.read(32768)
            if not chunk:
                break
            digest.update(chunk)
            received += len(chunk)
            tracker.update_stage_progress(stage, processed_bytes=received)
    return digest.hexdigest()


async def main(address: str) -> None:
    """Fetch all parts, each in a thread of its own, at the same time."""
    tracker = RichProgressTracker("Installing Docker")
    stages = {name: tracker.add_stage(f"Download {name}", size) for name, size in SIZES.items()}
    loop = asyncio.get_running_loop()

    async def part(name: str, stage: int) -> None:
        tracker.start_stage(stage)
        digest = await loop.run_in_executor(None, fetch, tracker, stage, f"{address}/{name}")
        print(f"{name} {digest[:16]}")  # comes to stand above the picture
        tracker.complete_stage(stage)

    async with tracker.live_progress():
        await asyncio.gather(*(part(*item) for item in stages.items()))
    tracker.complete(message="Docker is there")


if __name__ == "__main__":
    with mirror(**SIZES) as address:
        asyncio.run(main(address))
