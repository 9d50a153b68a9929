"""Work that does not go as announced: locks, caches, early ends, passes, ranks, mixed rounds."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from traces.loops import spin
from traces.recorder import Recorder


def locked(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record work that waits in its middle for a lock that another holds."""
    del run, folder
    items, size = rng.choice([60, 90, 140]), rng.choice([400, 700])
    held = rng.choice([0.0, 3.0, 9.0, 15.0])
    recorder = Recorder("locked-update", ["resolve", "install", "index"], f"n={items} held={held}")
    recorder.run_items("resolve", range(items), "package", lambda _: spin(size // 2))
    recorder.report("install", 0, items, "package", "start")
    if held:
        recorder.report("install", 0, items, "package", "waiting")
        lock = threading.Lock()
        lock.acquire()
        threading.Timer(held, lock.release).start()
        lock.acquire()
    for number in range(1, items + 1):
        spin(size * (3 if number % 11 == 0 else 1))
        recorder.report("install", number, items, "package", "run")
    recorder.report("install", items, items, "package", "done")
    recorder.run_opaque("index", lambda: spin(size * items // 4))
    return recorder


def cached(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record a loop of which any share was done before, here and there; then two more stages."""
    del run, folder
    items, size = rng.choice([80, 120]), rng.choice([1200, 1800])
    known = rng.choice([0.0, 0.3, 0.6, 0.85])
    done = set(rng.sample(range(items), int(known * items)))
    recorder = Recorder("cached-render", ["scan", "render", "publish"], f"n={items} known={known}")
    recorder.run_items("scan", range(items), "page", lambda _: spin(60), total=False)
    recorder.run_items("render", range(items), "page", lambda i: spin(20 if i in done else size))
    recorder.run_items("publish", range(items // 4), "page", lambda _: time.sleep(0.08))
    return recorder


def stopping(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record a search of at most so many tries, which ends when it has found what it wants."""
    del run, folder
    most, size = rng.choice([200, 400]), rng.choice([900, 1400])
    needed = int(most * rng.uniform(0.15, 0.6)) if rng.random() < 0.8 else most
    recorder = Recorder("search-stop", ["prepare", "search", "refine"], f"≤{most} found={needed}")
    recorder.run_items("prepare", range(40), "file", lambda _: spin(size // 2))
    recorder.report("search", 0, most, "try", "start")
    for number in range(1, needed + 1):
        spin(size)
        recorder.report("search", number, most, "try", "run")
    recorder.report("search", needed, most, "try", "done")
    recorder.run_items("refine", range(30), "step", lambda _: spin(size * 2))
    return recorder


def passes(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record a stage whose count starts again in two or three passes, the first a quick one."""
    del run, folder
    frames, size = rng.choice([120, 180, 260]), rng.choice([300, 450])
    many = rng.choice([2, 2, 3])
    recorder = Recorder("two-pass", ["probe", "encode", "mux"], f"n={frames} passes={many}")
    recorder.run_opaque("probe", lambda: spin(size * 10))
    recorder.report("encode", 0, frames, "frame", "start")
    for number in range(many):
        weight = 1 if number == 0 else 3
        for frame in range(1, frames + 1):
            spin(size * weight)
            recorder.report("encode", frame, frames, "frame", "run")
    recorder.report("encode", frames, frames, "frame", "done")
    recorder.run_items("mux", range(frames // 4), "frame", lambda _: spin(size))
    return recorder


def ranks(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record four ranks of one job side by side with shares of different size, then a reduction."""
    del run, folder
    size = rng.choice([900, 1500])
    shares = [int(rng.uniform(20, 90)) for _ in range(4)]
    names = [f"rank {number}" for number in range(4)]
    recorder = Recorder("ranks", ["partition", *names, "reduce"], f"{shares} size={size}")
    recorder.run_items("partition", range(50), "block", lambda _: spin(size // 3))
    with ThreadPoolExecutor(4) as pool:
        for name, share in zip(names, shares):
            pool.submit(recorder.run_items, name, range(share), "block", lambda _: spin(size))
    recorder.run_opaque("reduce", lambda: spin(size * 12))
    return recorder


def matrix(run: int, rng: random.Random, folder: Path) -> Recorder:
    """Record rounds of different size: each builds, and tests only where it built something."""
    del run, folder
    rounds, size = rng.choice([4, 6, 10]), rng.choice([500, 800])
    recorder = Recorder("test-matrix", ["setup", "matrix"], f"{rounds} size={size}")
    recorder.run_opaque("setup", lambda: spin(size * 8))
    recorder.report("matrix", 0, rounds, "job", "start")
    for number in range(1, rounds + 1):
        again = {"parent": "matrix", **({"attempt": number} if number > 1 else {})}
        files = rng.choice([8, 20, 45])
        recorder.run_items("build", range(files), "file", lambda _: spin(size), **again)
        if rng.random() < 0.7:
            recorder.run_items("test", range(30), "test", lambda _: spin(size // 2), **again)
        recorder.report("matrix", number, rounds, "job", "run")
    recorder.report("matrix", rounds, rounds, "job", "done")
    return recorder
