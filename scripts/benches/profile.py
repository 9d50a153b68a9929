"""`scripts/profile`: run the loads of the benches under cProfile; print where the time goes."""

from __future__ import annotations

import cProfile
import os
import pstats
import subprocess
import sys
import time

from benches.areas.ingest import Receiver, Shape
from benches.sandbox import Sandbox

SECONDS = 5.0
LINES = 35


def broker(operations: str = "1000", followed: str = "") -> None:
    """Profile the broker with operations of ten stages, one update a second each."""
    number = int(operations)
    with Sandbox() as sandbox:
        process = _profiled(sandbox)
        if followed:
            sandbox.viewers(1)
        sandbox.workers(1, max(1, number // 100), min(number, 100), 10, 1.0)
        time.sleep(SECONDS)
        _finish(sandbox, process)


def ingest() -> None:
    """Profile the broker with one process that sends without pause."""
    with Sandbox() as sandbox:
        process = _profiled(sandbox)
        receiver = Receiver(sandbox, process)
        receiver.connect(Shape(1, 4000, 1000))
        print(f"{receiver.measure(SECONDS)['each']:.0f} ns of CPU per update, profiled")
        receiver.finish()
        _finish(sandbox, process)


def frame(operations: str = "1000") -> None:
    """Profile a hundred frames in each of which twenty operations change."""
    from benches.areas.frame import HeadwayLive  # noqa: PLC0415 - needs rich

    display = HeadwayLive(int(operations))
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(100):
        display.frame(20)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(LINES)


def start() -> None:
    """Print what is imported and how long it takes, then profile the first report."""
    program = (
        "import cProfile, pstats, headway\n"
        "profile = cProfile.Profile(); profile.enable()\n"
        "headway.operation('start').start()\n"
        "profile.disable()\n"
        f"pstats.Stats(profile).sort_stats('tottime').print_stats({LINES})\n"
    )
    with Sandbox() as sandbox:
        sandbox.broker()
        subprocess.run(
            [sys.executable, "-X", "importtime", "-c", program], env=sandbox.environ, check=True
        )


def _profiled(sandbox: Sandbox) -> subprocess.Popen[bytes]:
    output = os.path.join(sandbox.directory, "profile")
    return sandbox.broker("-m", "cProfile", "-o", output)


def _finish(sandbox: Sandbox, process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
    output = os.path.join(sandbox.directory, "profile")
    pstats.Stats(output).sort_stats("tottime").print_stats(LINES)


if __name__ == "__main__":
    {"broker": broker, "ingest": ingest, "frame": frame, "start": start}[sys.argv[1]](*sys.argv[2:])
