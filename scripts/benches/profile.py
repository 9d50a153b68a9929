"""`scripts/profile`: the loads of the benches under cProfile; prints the dearest functions."""

from __future__ import annotations

import cProfile
import os
import pstats
import subprocess
import sys
import time

from benches.areas.ingest import Receiver
from benches.sandbox import Ground

SECONDS = 5.0
LINES = 35


def broker(operations: str = "1000", followed: str = "") -> None:
    """A thousand operations of ten stages, one update a second each."""
    number = int(operations)
    with Ground() as ground:
        process = _profiled(ground)
        if followed:
            ground.followers(1)
        ground.load(1, max(1, number // 100), min(number, 100), 10, 1.0)
        time.sleep(SECONDS)
        _finish(ground, process)


def ingest() -> None:
    """One process that sends without pause."""
    with Ground() as ground:
        process = _profiled(ground)
        receiver = Receiver(ground, process)
        receiver.connect(1, 4000, 1000)
        print(f"{receiver.measure(SECONDS)['each']:.0f} ns of CPU per update, profiled")
        receiver.finish()
        _finish(ground, process)


def frame(operations: str = "1000") -> None:
    """A hundred frames in which twenty operations moved."""
    from benches.areas.frame import Ours  # noqa: PLC0415 - needs rich

    ours = Ours(int(operations))
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(100):
        ours.frame(20)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(LINES)


def start() -> None:
    """Imports by their time, then the first report by function."""
    program = (
        "import cProfile, pstats, headway\n"
        "profile = cProfile.Profile(); profile.enable()\n"
        "headway.operation('start').start()\n"
        "profile.disable()\n"
        f"pstats.Stats(profile).sort_stats('tottime').print_stats({LINES})\n"
    )
    with Ground() as ground:
        ground.broker()
        subprocess.run(
            [sys.executable, "-X", "importtime", "-c", program], env=ground.environ, check=True
        )


def _profiled(ground: Ground) -> subprocess.Popen[bytes]:
    output = os.path.join(ground.directory, "profile")
    return ground.broker("-m", "cProfile", "-o", output)


def _finish(ground: Ground, process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
    output = os.path.join(ground.directory, "profile")
    pstats.Stats(output).sort_stats("tottime").print_stats(LINES)


if __name__ == "__main__":
    {"broker": broker, "ingest": ingest, "frame": frame, "start": start}[sys.argv[1]](*sys.argv[2:])
