"""A demonstration of every feature on real work: pack, unpack and verify the standard library.

Nothing outside a temporary directory is written, and no network is needed.
"""
# ruff: noqa: ASYNC230, ASYNC240 - files of the disk, read as any program reads them

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sysconfig
import tempfile
import zipfile

from progress_tracker import ProgressTracker, run_with_progress

FILES = 1500  # at most: a few seconds of work
FILES_PER_FRAME = 20  # files between two calls of display_progress


def sources() -> list[str]:
    """Return paths of source files of the standard library."""
    found: list[str] = []
    for folder, folders, names in os.walk(sysconfig.get_path("stdlib")):
        folders[:] = sorted(set(folders) - {"site-packages", "__pycache__", "test"})
        found += [os.path.join(folder, name) for name in sorted(names) if name.endswith(".py")]
        if len(found) >= FILES:
            break
    return found[:FILES]


async def demonstrate(tracker: ProgressTracker, folder: str) -> int:
    """Pack and unpack below `folder`; return how many files came back as they were."""
    look = tracker.add_stage("Look for sources")
    tracker.start_stage(look)
    files = sources()
    sizes = {name: os.path.getsize(name) for name in files}
    tracker.complete_stage(look)

    # Of these the size is known, so they have bytes, a rate and a time remaining.
    total = sum(sizes.values())
    pack = tracker.add_stage("Pack", total_bytes=total)
    unpack = tracker.add_stage("Unpack", total_bytes=total)
    verify = tracker.add_stage("Verify")  # and of this one only how far it is

    archive = os.path.join(folder, "sources.zip")
    sums: dict[str, str] = {}
    tracker.start_stage(pack)
    done = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for number, name in enumerate(files):
            with open(name, "rb") as file:
                content = file.read()
            sums[str(number)] = hashlib.sha256(content).hexdigest()
            packed.writestr(str(number), content)
            done += sizes[name]
            tracker.update_stage_progress(pack, processed_bytes=done)
            if number % FILES_PER_FRAME == 0:
                tracker.display_progress()
                await asyncio.sleep(0)  # let other tasks of the program go on
    tracker.complete_stage(pack)

    tracker.start_stage(unpack)
    done = 0
    with zipfile.ZipFile(archive) as packed:
        for number, part in enumerate(packed.infolist()):
            packed.extract(part, folder)
            done += part.file_size
            tracker.update_stage_progress(unpack, processed_bytes=done)
            if number % FILES_PER_FRAME == 0:
                tracker.display_progress()
                await asyncio.sleep(0)
    tracker.complete_stage(unpack)

    tracker.start_stage(verify)
    same = 0
    for number, (name, expected) in enumerate(sums.items()):
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        same += hashlib.sha256(content).hexdigest() == expected
        tracker.update_stage_progress(verify, progress=(number + 1) / len(sums))
        if number % FILES_PER_FRAME == 0:
            tracker.display_progress()
            await asyncio.sleep(0)
    tracker.complete_stage(verify)
    return same


def main() -> None:
    """Run it; Ctrl+C cancels it and cleans up."""
    folder = tempfile.mkdtemp(prefix="progress-")
    tracker = ProgressTracker("Packing the standard library")
    tracker.setup_cancellation_handler(lambda: shutil.rmtree(folder, ignore_errors=True))
    try:
        same = asyncio.run(run_with_progress(tracker, demonstrate, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{same} files came back as they were")  # noqa: T201 - it is a program
