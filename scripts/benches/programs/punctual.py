"""A worker that writes down when it does what; its argument is how many times."""

from __future__ import annotations

import json
import random
import sys
import time

import headway

if __name__ == "__main__":
    ends: list[tuple[str, float]] = []
    updates: list[tuple[float, float]] = []
    number = int(sys.argv[1])
    chance = random.Random(6)
    with headway.operation("Punctual") as operation:
        time.sleep(0.7)
        for index in range(number):
            stage = operation.stage(f"end {index}").start()
            time.sleep(chance.uniform(0.02, 0.06))
            ends.append((stage.name, time.monotonic()))
            stage.complete()
        count = operation.stage("count", total=number).start()
        for index in range(number):
            time.sleep(chance.uniform(0.01, 0.06))
            updates.append((time.monotonic(), index + 1))
            count.advance()
        time.sleep(0.3)
    print(json.dumps({"ends": ends, "updates": updates}), flush=True)
