"""Simulated workers or viewers, many in one process.

    workers RUNTIME FIRST SESSIONS OPERATIONS STAGES RATE
    viewers RUNTIME COUNT
    screens RUNTIME COUNT     viewers of what a screen can show

`workers` opens SESSIONS sessions, numbered from FIRST, of OPERATIONS operations of STAGES stages,
and makes RATE updates a second of each operation until standard input ends. A session sends at
most 20 `Counts` a second, each with whatever moved, as the SDK does; of each operation one stage
moves at a time, or all of them 20 times a second where RATE is that high.

Both print `ready` when the broker knows all of them or has sent each its snapshot, and for
every line of standard input a line of JSON with what they have sent or received so far; `viewers`
prints one more at its end.
"""

from __future__ import annotations

import json
import select
import sys
import time

import zmq

from benches.sandbox import wait_for_number
from benches.simulated_peers import Client, Viewer, Worker

TICKS = 20  # a second
HEARTBEAT = 2.0  # seconds between two


def workers(
    runtime: str, first: str, sessions: str, operations: str, stages: str, rate: str
) -> None:
    """Announce everything, then count."""
    Workers(runtime, int(first), int(sessions), int(operations), int(stages)).run(float(rate))


class Workers:
    """The sessions of one process, and how many updates they have sent."""

    def __init__(
        self, runtime: str, first: int, sessions: int, operations: int, stages: int
    ) -> None:
        context = zmq.Context()
        context.max_sockets = max(context.max_sockets, sessions + 16)
        endpoint = f"ipc://{runtime}/report.sock"
        self.operations = operations
        self.stages = stages
        self.workers = [
            Worker(context, endpoint, first + number, operations, stages)
            for number in range(sessions)
        ]
        client = Client(context, endpoint)
        wanted = client.request("status")["operations"] + sessions * operations
        for worker in self.workers:
            worker.begin()
        wait_for_number(
            lambda: client.request("status", 120)["operations"], wanted, "operations announced"
        )
        client.close()
        self.updates = self.messages = 0
        self.done = 0
        # Sessions of one rate do not all send in the same tick.
        self.due = [offset / sessions for offset in range(sessions)]
        self.position = [0] * sessions

    def run(self, rate: float) -> None:
        """Send until standard input ends."""
        print("ready", flush=True)
        heartbeat = at = time.monotonic()
        while True:
            at += 1 / TICKS
            pause = at - time.monotonic()
            if pause < -1:
                at = time.monotonic()  # behind: missed ticks are not made up for
            if select.select([sys.stdin], [], [], max(0.0, pause))[0]:
                if not sys.stdin.readline():
                    return
                sent = {"updates": self.updates, "messages": self.messages}
                print(json.dumps({**sent, "late": max(0.0, -pause)}), flush=True)
            self.tick(rate)
            if time.monotonic() - heartbeat >= HEARTBEAT:
                heartbeat = time.monotonic()
                for worker in self.workers:
                    worker.beat()
                    worker.read()

    def tick(self, rate: float) -> None:
        """Send what is due of every session."""
        self.done += 1
        everything = rate >= TICKS * self.stages
        for index, worker in enumerate(self.workers):
            self.due[index] += self.operations * rate / TICKS
            moved = int(self.due[index])
            if not moved:
                continue
            self.due[index] -= moved
            if everything:
                counts = dict.fromkeys(range(1, self.operations * self.stages + 1), self.done)
            else:
                counts = self.next_counts(index, moved)
            worker.count(counts)
            self.updates += len(counts)
            self.messages += 1

    def next_counts(self, index: int, moved: int) -> dict[int, int]:
        """Return the counts of the next stages of a session; which runs changes in turn."""
        start = self.position[index]
        self.position[index] = start + moved
        counts: dict[int, int] = {}
        for number in range(start, start + min(moved, self.operations)):
            turn, operation = divmod(number, self.operations)
            counts[1 + operation * self.stages + turn // 8 % self.stages] = self.done
        return counts


def screens(runtime: str, count: str) -> None:
    """Follow what a screen can show until standard input ends."""
    viewers(runtime, count, screen=True)


def viewers(runtime: str, count: str, *, screen: bool = False) -> None:
    """Follow until standard input ends."""
    context = zmq.Context()
    endpoint = f"ipc://{runtime}/follow.sock"
    following = [Viewer(context, endpoint, n, screen=screen) for n in range(int(count))]
    poller = zmq.Poller()
    for viewer in following:
        viewer.take_snapshot()
        poller.register(viewer.socket, zmq.POLLIN)
    by_socket = {viewer.socket: viewer for viewer in following}
    print("ready", flush=True)
    standard_input = sys.stdin.fileno()
    poller.register(standard_input, zmq.POLLIN)
    while True:
        for ready, _ in poller.poll():
            if ready != standard_input:
                by_socket[ready].drain()
                continue
            line = sys.stdin.readline()
            for viewer in following:  # all that was published before has come by now
                viewer.drain()
            received = {
                "sequences": [viewer.sequence for viewer in following],
                "missed": sum(viewer.missed for viewer in following),
                "frames": following[0].frames,
            }
            print(json.dumps(received), flush=True)
            if not line:
                return


if __name__ == "__main__":
    verbs = {"workers": workers, "viewers": viewers, "screens": screens}
    verbs[sys.argv[1]](*sys.argv[2:])
