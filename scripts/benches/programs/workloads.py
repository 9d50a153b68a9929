"""`… workloads ITEMS`: a program that works and reports; says how long the work took.

It writes a line of JSON to the descriptor BENCH_RESULT: seconds and CPU seconds of the work,
most bytes held, and what the clock read when its own code was done.
"""

from __future__ import annotations

import json
import os
import sys
import time

import headway


def work(items: int) -> None:
    """Twenty stages, an item of about 50 µs at a time."""
    with headway.operation("toil") as op:
        for number in range(20):
            with op.stage(f"stage {number}", total=items) as stage:
                for item in range(items):
                    sum(range(2000))
                    stage.advance()
                    if item % 100 == 0:
                        stage.update(detail=f"item {item}")
            op.log(f"stage {number} is done")


def _held() -> int:
    # Not ru_maxrss, which begins with what the starting process held.
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def main(argv: list[str]) -> int:
    """Work and tell."""
    begun, cpu = time.monotonic(), time.process_time()
    work(int(argv[0]))
    told = {
        "seconds": time.monotonic() - begun,
        "cpu": time.process_time() - cpu,
        "held": _held(),
    }
    told["left"] = time.monotonic()
    os.write(int(os.environ["BENCH_RESULT"]), json.dumps(told).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
