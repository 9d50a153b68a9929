"""A real worker: arguments are the stages of its operation and its updates a second."""

from __future__ import annotations

import select
import sys

import headway

if __name__ == "__main__":
    stages, rate = int(sys.argv[1]), float(sys.argv[2])
    with headway.operation("Steady") as operation:
        running = [operation.stage(f"stage {n}", total=1_000_000) for n in range(stages)]
        for stage in running:
            stage.start()
        turn = 0
        while not select.select([sys.stdin], [], [], 1 / rate)[0]:
            turn += 1
            running[turn // 8 % stages].advance()
