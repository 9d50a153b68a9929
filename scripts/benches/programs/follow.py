"""A process of simulated viewers: arguments are the runtime directory and how many.

It prints `ready` when all have their snapshot, and for every line of its standard input and at
its end, as JSON, which delta each of them had last, how many were missed, and how many frames
the first of them got.
"""

from __future__ import annotations

import json
import sys

import zmq

from benches.simulated_peers import Viewer


def main(runtime: str, number: int) -> None:
    """Follow until standard input ends."""
    context = zmq.Context()
    viewers = [Viewer(context, f"ipc://{runtime}/follow.sock", n) for n in range(number)]
    poller = zmq.Poller()
    for viewer in viewers:
        viewer.take_snapshot()
        poller.register(viewer.socket, zmq.POLLIN)
    by_socket = {viewer.socket: viewer for viewer in viewers}
    print("ready", flush=True)
    watching = sys.stdin.fileno()
    poller.register(watching, zmq.POLLIN)
    while True:
        for ready, _ in poller.poll():
            if ready == watching:
                line = sys.stdin.readline()
                for viewer in viewers:  # all that was published before has come by now
                    viewer.drain()
                told = {
                    "sequences": [viewer.sequence for viewer in viewers],
                    "missed": sum(viewer.missed for viewer in viewers),
                    "frames": viewers[0].frames,
                }
                print(json.dumps(told), flush=True)
                if not line:
                    return
            else:
                by_socket[ready].drain()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
