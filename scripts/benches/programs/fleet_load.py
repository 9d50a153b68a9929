"""What publishes to a fleet, and an uplink that has been through an outage.

    fill URL OPERATIONS HOSTS     the states of so many operations, each once
    flood URL OPERATIONS STATES   so many states of some of them, as fast as the server takes them
    ends COUNT RATE               programs' ends through the broker here, so many a second
    outage ENDS                   the memory of an uplink that keeps so many ends

`fill` and `flood` print a line of JSON once the server has all; `ends` one for each end, with the
monotonic time of it; `outage` what it measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from functools import lru_cache, partial
from typing import Any

from benches.resources import peak_rss
from headway.model import Operation, Stage
from headway_viewer.fleet import state_message, subjects
from headway_viewer.fleet.nats import jetstream

STAGES = 3
RUNS = 10
HEARTBEATS = ("session", "bench")


def id_of(number: int) -> str:
    """Return the id of an operation."""
    return f"bench-{number:06d}"


def state_of(number: int, done: int, *, state: str = "running") -> Operation:
    """Return an operation as an uplink has it."""
    operation = Operation(id_of(number), f"Job {number:06d}", f"job {number:06d}")
    operation.labels = {"run": str(number % RUNS)}
    operation.move("running", 10.0)
    for place in range(1, STAGES + 1):
        stage = operation.add_stage(Stage(place, f"stage {place}", total=1000))
        stage.move("running", 11.0)
        stage.done = done
    if state != "running":
        operation.move(state, 20.0)
    return operation


def message_of(number: int, hosts: int, done: int) -> tuple[str, bytes]:
    """Return the subject and the bytes of a state."""
    subject = subjects.of_operation("default", f"host{number % hosts}", id_of(number))
    return subject, template(number % RUNS, done).replace(b"000000", b"%06d" % number)


@lru_cache(maxsize=100)
def template(run: int, done: int) -> bytes:
    """Return the bytes of the state of operation 0, with the labels of that run.

    Others have other digits: to encode each would take longer than the server takes to store it.
    """
    operation = state_of(0, done)
    operation.labels = {"run": str(run)}
    return state_message.encode_state(*HEARTBEATS, 21.0, operation, with_output=False)


async def connected(url: str) -> Any:
    """Return a connection to a server whose stream is there."""
    import nats  # noqa: PLC0415 - of no use to `ends`

    client = await nats.connect(url)
    await client.request(*jetstream.create_stream(subjects.PREFIX), timeout=10)
    return client


async def publish(url: str, messages: list[tuple[str, bytes]], stored: int) -> None:
    """Publish all; return once the stream has `stored` messages, and the last of them."""
    client = await connected(url)
    for place, (subject, data) in enumerate(messages):
        await client.publish(subject, data)
        if place % 500 == 499:
            await client.flush(30)
    await client.flush(30)
    while stored:
        reply = await client.request(jetstream.stream_info_subject(), timeout=30)
        if json.loads(reply.data)["state"]["messages"] >= stored:
            break
        await asyncio.sleep(0.05)
    await client.close()


def fill(url: str, operations: str, hosts: str) -> None:
    """Publish the states of all, each once, and a heartbeat of each host."""
    messages = [message_of(number, int(hosts), 1) for number in range(int(operations))]
    for host in range(int(hosts)):
        beat = state_message.encode_heartbeat(*HEARTBEATS, 21.0, whole=True)
        messages.append((subjects.of_heartbeat("default", f"host{host}", "bench"), beat))
    asyncio.run(publish(url, messages, len(messages)))
    print(json.dumps({"bytes": sum(len(data) for _, data in messages)}), flush=True)


def flood(url: str, operations: str, states: str) -> None:
    """Publish states as fast as they are taken; the last of each operation has 1000 of 1000."""
    of, count = int(operations), int(states)
    messages = [
        message_of(number % of, 100, 1000 if number >= count - of else 2) for number in range(count)
    ]
    asyncio.run(publish(url, messages, 0))
    print(json.dumps({}), flush=True)


def ends(count: str, rate: str) -> None:
    """End operations at that rate; print when."""
    import headway  # noqa: PLC0415 - a reporting program, which the others are not

    going = [headway.operation(f"end {number}").start() for number in range(int(count))]
    print("ready", flush=True)
    sys.stdin.readline()
    for number, operation in enumerate(going):
        time.sleep(1 / float(rate))
        print(json.dumps([f"end {number}", time.monotonic()]), flush=True)
        operation.complete()
    sys.stdin.readline()


def outage(count: str) -> None:
    """Keep the ends that a broker forgets in an outage; print the memory of this process."""
    from importlib import import_module  # noqa: PLC0415

    from headway_viewer.fleet.publications import Publications  # noqa: PLC0415

    import_module("headway_viewer.commands.uplink")
    import_module("nats")
    bare = peak_rss(os.getpid())
    publications = Publications()
    publications.connected(0.0)
    publications.disconnected()
    for number in range(int(count)):
        operation = state_of(number, 5)
        for _ in range(50):
            publications.change(operation.id, is_open=True)
        operation = state_of(number, 1000, state="completed")
        publications.change(operation.id, is_open=False)
        row = state_message.encode_row(operation, with_output=False)
        publications.remove(operation.id, partial(bytes, row))
    used = peak_rss(os.getpid())
    print(
        json.dumps(
            {"bare": bare, "used": used, "kept": publications.waiting, "lost": publications.dropped}
        ),
        flush=True,
    )


if __name__ == "__main__":
    {"fill": fill, "flood": flood, "ends": ends, "outage": outage}[sys.argv[1]](*sys.argv[2:])
