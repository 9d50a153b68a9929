"""An operation in the background of a program that goes on with other things."""

from __future__ import annotations

import asyncio
import zlib

from progress_tracker import ProgressTracker, run_with_progress


async def compress(tracker: ProgressTracker) -> int:
    """Compress some megabytes in steps, giving way to other tasks after each."""
    stage = tracker.add_stage("Compress")
    tracker.start_stage(stage)
    compressor = zlib.compressobj(6)
    size = 0
    for step in range(40):
        size += len(compressor.compress(bytes(range(256)) * 1000))
        tracker.update_stage_progress(stage, progress=(step + 1) / 40)
        tracker.display_progress()
        await asyncio.sleep(0.01)
    size += len(compressor.flush())
    tracker.complete_stage(stage)
    return size


async def main() -> None:
    """Start it, do something else, wait for it."""
    tracker = ProgressTracker("Background install")
    task = asyncio.create_task(run_with_progress(tracker, compress))
    primes = [n for n in range(2, 2000) if all(n % k for k in range(2, int(n**0.5) + 1))]
    await asyncio.sleep(0.1)
    print(f"meanwhile: {len(primes)} primes")
    print(f"compressed to {await task} bytes")


if __name__ == "__main__":
    asyncio.run(main())
