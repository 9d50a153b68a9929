"""Five stages, one of them a download with its bytes, run as a coroutine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import tempfile
import urllib.request

from mirror import mirror

from progress_tracker import ProgressTracker, run_with_progress

SIZE = 20_000_000


async def install(tracker: ProgressTracker, address: str, folder: str) -> None:
    """Fetch a package, unpack it, make its database, test that."""
    lists = tracker.add_stage("Update package lists")
    download = tracker.add_stage("Download postgresql", total_bytes=SIZE)
    unpack = tracker.add_stage("Unpack")
    configure = tracker.add_stage("Configure the database")
    test = tracker.add_stage("Run tests")

    tracker.start_stage(lists)
    urllib.request.urlopen(f"{address}/").read()
    tracker.complete_stage(lists)

    tracker.start_stage(download)
    package = os.path.join(folder, "package")
    received = 0
    with urllib.request.urlopen(f"{address}/postgresql") as response, open(package, "wb") as file:
        while True:
            chunk = response.read(65536)
            if not chunk:
                break
            file.write(chunk)
            received += len(chunk)
            tracker.update_stage_progress(download, processed_bytes=received)
            tracker.display_progress()
            await asyncio.sleep(0)
    tracker.complete_stage(download)

    tracker.start_stage(unpack)
    digest = hashlib.sha256()
    with open(package, "rb") as file:
        while True:
            part = file.read(1_000_000)
            if not part:
                break
            digest.update(part)
            tracker.update_stage_progress(unpack, progress=file.tell() / SIZE)
            tracker.display_progress()
    tracker.complete_stage(unpack)

    tracker.start_stage(configure)
    database = sqlite3.connect(os.path.join(folder, "database"))
    database.execute("create table packages (name text, digest text)")
    database.execute("insert into packages values (?, ?)", ("postgresql", digest.hexdigest()))
    database.commit()
    tracker.complete_stage(configure)

    tracker.start_stage(test)
    ((count,),) = database.execute("select count(*) from packages")
    database.close()
    tracker.complete_stage(test, error=None if count == 1 else f"{count} rows")


if __name__ == "__main__":
    with mirror(postgresql=SIZE) as address, tempfile.TemporaryDirectory() as folder:
        tracker = ProgressTracker("Installing PostgreSQL")
        asyncio.run(run_with_progress(tracker, install, address, folder))
