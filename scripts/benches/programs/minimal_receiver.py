"""The floor of ingest: a pyzmq ROUTER, msgpack and a dict for each peer, and no more.

It welcomes every worker, so that they send to it as they do to the broker, and merges the map of
every `Counts` into the dict of its peer. On SIGTERM it prints what it has received as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

import msgpack
import zmq

from headway.model import Operation
from headway.protocol import messages, wire

HELLO, ANNOUNCE, COUNTS = map(
    messages.INBOUND.index, (messages.Hello, messages.Announce, messages.Counts)
)
# Places in a message on the wire, whose first value is its kind.
MAP = 1 + messages.Counts._fields.index("counts")
OPERATION = 1 + messages.Announce._fields.index("operation")


class Stopped(Exception):
    """SIGTERM was received."""


def _stop(*_: object) -> None:
    raise Stopped


def main(runtime: str) -> None:
    """Receive until SIGTERM."""
    signal.signal(signal.SIGTERM, _stop)
    context = zmq.Context()
    router = context.socket(zmq.ROUTER)
    router.rcvhwm = 0
    router.linger = 0
    router.bind(f"ipc://{runtime}/report.sock")
    poller = zmq.Poller()
    poller.register(router, zmq.POLLIN)
    receive, unpack, again = router.recv, msgpack.unpackb, zmq.Again
    counts_kind, counts_map = COUNTS, MAP  # local names: this loop is the floor
    stores: dict[bytes, dict[int, Any]] = {}
    frames = updates = 0
    try:
        while True:
            poller.poll()
            try:
                while True:
                    peer = receive(zmq.NOBLOCK)
                    fields = unpack(receive(), strict_map_key=False)
                    if fields[0] == counts_kind:
                        counts = fields[counts_map]
                        stores[peer].update(counts)
                        frames += 1
                        updates += len(counts)
                    else:
                        _answer(router, peer, fields, stores)
            except again:
                pass
    except Stopped:
        pass
    received = {
        "frames": frames,
        "updates": updates,
        "cpu": time.thread_time(),
        "sum": sum(sum(map(_done, store.values())) for store in stores.values()),
    }
    print(json.dumps(received), flush=True)
    os._exit(0)


def _answer(
    router: zmq.Socket[Any], peer: bytes, fields: list[Any], stores: dict[bytes, dict[int, Any]]
) -> None:
    if fields[0] == HELLO:
        stores[peer] = {}
        now = time.monotonic()
        welcome = messages.Welcome(1, 0, "bare", now, time.time(), "ipc:///nowhere", True)
        router.send_multipart([peer, wire.encode(welcome)])
    elif fields[0] == ANNOUNCE:
        record = fields[OPERATION]
        operation = Operation(record[0], "")
        operation.apply(record)
        if not operation.open:
            done = messages.Acknowledge([[operation.id, operation.revision]])
            router.send_multipart([peer, wire.encode(done)])


def _done(value: Any) -> float:
    return value[0] if isinstance(value, list) else value


if __name__ == "__main__":
    main(sys.argv[1])
