"""Loops: jobs in another order each run, loops around loops, and one that takes its time."""

from __future__ import annotations

import hashlib
import random
import time
import zlib
from pathlib import Path

from traces.downloads import fetch, serve
from traces.recorder import Recorder

JOBS = {"hash": 5, "sort": 2, "pack": 9, "draw": 4, "parse": 14, "merge": 1}  # their lengths


def spin(rounds: int) -> None:
    """Keep a processor busy for so many rounds, some 20 µs each."""
    data = b"headway" * 4000
    for _ in range(rounds):
        hashlib.sha256(data).digest()
        zlib.crc32(data)


def shuffled(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record jobs that do not depend on each other, one after another in any order."""
    del run, folder
    names = sorted(JOBS)
    rng.shuffle(names)
    size = rng.choice([400, 600, 900])
    recorder = Recorder("any-order", sorted(JOBS), f"{' '.join(names)} size={size}")
    for name in names:
        length = int(JOBS[name] * rng.uniform(0.8, 1.25))
        if name in {"sort", "draw"}:
            recorder.run_opaque(name, lambda n=length: spin(n * size * 10))
        else:
            recorder.run_items(name, range(length * 10), "item", lambda _: spin(size))
    return recorder


def epochs(run: int, rng: random.Random, folder: Path, *, beside: bool = False) -> Recorder:
    """Record rounds of two inner loops, inside the outer one or beside it."""
    del run, folder
    rounds, batches, size = rng.choice([4, 6, 9]), rng.choice([40, 60, 90]), rng.choice([300, 500])
    recorder = Recorder(
        "epochs-beside" if beside else "epochs-in",
        ["load", "epochs", "test"],
        f"{rounds}×{batches} size={size}",
    )
    inside = {} if beside else {"parent": "epochs"}
    recorder.run_opaque("load", lambda: spin(15000))
    recorder.report("epochs", 0, rounds, "epoch", "start")
    for number in range(1, rounds + 1):
        again = {"attempt": number} if number > 1 else {}
        recorder.run_items(
            "train", range(batches), "batch", lambda _: spin(size), **inside, **again
        )
        recorder.run_items(
            "check", range(batches // 8), "batch", lambda _: spin(size // 2), **inside, **again
        )
        recorder.report("epochs", number, rounds, "epoch", "run")
    recorder.report("epochs", rounds, rounds, "epoch", "done")
    recorder.run_items("test", range(batches // 2), "batch", lambda _: spin(size // 2))
    return recorder


def epochs_beside(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record a loop around a loop that does not say that it is one."""
    return epochs(run, rng, folder, beside=True)


def patient(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record twenty minutes and more: scan, three downloads one after another, verify."""
    del run
    recorder = Recorder("patient-mirror", ["scan", "part 1", "part 2", "part 3", "verify"], "")
    count = rng.choice([150, 220, 300])
    recorder.run_items("scan", range(count), "entry", lambda _: time.sleep(0.2), total=False)
    rate = rng.choice([1.1e5, 1.4e5])
    for number in (1, 2, 3):
        size = int(rng.uniform(4e7, 8e7))
        server = serve(size, rate * rng.uniform(0.85, 1.15))
        fetch(recorder, f"part {number}", server, folder / str(number), size)
    recorder.run_items("verify", range(400), "block", lambda _: time.sleep(rng.uniform(0.1, 0.4)))
    return recorder
