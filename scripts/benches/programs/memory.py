"""How many bytes a stage costs a worker: arguments are operations and the stages of each."""

from __future__ import annotations

import json
import os
import sys
import time

import headway
from benches.resources import rss

if __name__ == "__main__":
    operations, stages = int(sys.argv[1]), int(sys.argv[2])
    with headway.operation("warm") as first:
        first.stage("one").start()
        time.sleep(0.5)
    empty = rss(os.getpid())
    kept = []
    for number in range(operations):
        operation = headway.operation(f"operation {number}").start()
        kept += [operation.stage(f"stage {n}", total=1_000_000).start() for n in range(stages)]
    for stage in kept:
        stage.advance()
    time.sleep(2.0)
    print(json.dumps({"each": (rss(os.getpid()) - empty) / len(kept)}), flush=True)
    os._exit(0)
