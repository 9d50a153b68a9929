"""A process of simulated workers: arguments are the runtime directory, the number of its
first session, sessions, operations in each, stages in each, updates a second of each operation.

It prints `ready` when the broker knows all of them, then sends until its standard input ends;
for every line there it prints as JSON what it has sent so far. A session sends at most 20
`Counts` a second, each with whatever moved, as the SDK does; of each operation one stage moves
at a time, or all of them 20 times a second where the rate is that much.
"""

from __future__ import annotations

import json
import select
import sys
import time

import zmq

from benches.resources import wait_for
from benches.simulated_peers import Client, Worker

TICKS = 20  # a second


def main(
    runtime: str, first: int, sessions: int, operations: int, stages: int, rate: float
) -> None:
    """Announce everything, then count."""
    context = zmq.Context()
    context.max_sockets = max(context.max_sockets, sessions + 16)
    endpoint = f"ipc://{runtime}/report.sock"
    workers = [
        Worker(context, endpoint, first + number, operations, stages) for number in range(sessions)
    ]
    for worker in workers:
        worker.begin()
    client = Client(context, endpoint)
    wanted = sessions * operations
    wait_for(lambda: client.ask("status")["operations"] >= wanted, 60, "all announced")
    client.close()
    print("ready", flush=True)
    updates = messages = 0
    done = 0
    due = [offset / sessions for offset in range(sessions)]
    everything = rate >= TICKS * stages
    position = [0] * sessions
    each = operations * rate / TICKS
    beat = time.monotonic()
    at = time.monotonic()
    while True:
        at += 1 / TICKS
        pause = at - time.monotonic()
        if pause < -1:
            at = time.monotonic()  # behind: what was missed is not made up for
        if select.select([sys.stdin], [], [], max(0.0, pause))[0]:
            if not sys.stdin.readline():
                return
            late = max(0.0, -pause)
            told = {"updates": updates, "messages": messages, "late": late}
            print(json.dumps(told), flush=True)
        done += 1
        beats = time.monotonic() - beat >= 2
        for index, worker in enumerate(workers):
            due[index] += each
            whole = int(due[index])
            if whole:
                due[index] -= whole
                start = position[index]
                counts: dict[int, float] = {}
                if everything:
                    counts = dict.fromkeys(range(1, operations * stages + 1), done)
                    whole = 0
                for number in range(start, start + min(whole, operations)):
                    # One stage of each runs; which one changes as it goes round.
                    turn, operation = divmod(number, operations)
                    counts[1 + operation * stages + turn // 8 % stages] = done
                position[index] = start + whole
                worker.count(counts)
                updates += len(counts)
                messages += 1
            if beats:
                worker.beat()
                worker.read()
        if beats:
            beat = time.monotonic()


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:6]), float(sys.argv[6]))
