"""The floor that the broker is measured against: a pyzmq ROUTER, msgpack and a dict, no more.

It welcomes whoever says hello, so that real workers send to it as they do to the broker, and
merges every `Counts` map into a dict per peer. On `stop` from its standard input's end or a
SIGTERM it prints what it has taken as JSON.
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

from headway.protocol import messages, wire


class Stopped(Exception):
    """SIGTERM came."""


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
    stores: dict[bytes, dict[int, Any]] = {}
    frames = updates = 0
    try:
        while True:
            poller.poll()
            try:
                while True:
                    peer = receive(zmq.NOBLOCK)
                    fields = unpack(receive(), strict_map_key=False)
                    if fields[0] == 2:
                        counts = fields[3]
                        stores[peer].update(counts)
                        frames += 1
                        updates += len(counts)
                    else:
                        _answer(router, peer, fields, stores)
            except again:
                pass
    except Stopped:
        pass
    told = {
        "frames": frames,
        "updates": updates,
        "cpu": time.thread_time(),
        "sum": sum(sum(map(_done, store.values())) for store in stores.values()),
    }
    print(json.dumps(told), flush=True)
    os._exit(0)


def _answer(
    router: zmq.Socket[Any], peer: bytes, fields: list[Any], stores: dict[bytes, dict[int, Any]]
) -> None:
    if fields[0] == 0:
        stores[peer] = {}
        now = time.monotonic()
        welcome = messages.Welcome(1, 0, "bare", now, time.time(), "ipc:///nowhere", True)
        router.send_multipart([peer, wire.encode(welcome)])
    elif fields[0] == 1:
        operation = fields[4]
        if operation[4] in ("completed", "failed", "cancelled"):
            done = messages.Acknowledge([[operation[0], operation[1]]])
            router.send_multipart([peer, wire.encode(done)])


def _done(value: Any) -> float:
    return value[0] if isinstance(value, list) else value


if __name__ == "__main__":
    main(sys.argv[1])
