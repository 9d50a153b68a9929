"""A fleet: what a viewer of ten thousand operations sees how soon, and what an uplink costs.

One nats-server on the loopback interface. The states are published by a process of the bench, as
uplinks would; an end goes the whole way, from a program to the replica of a viewer.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from typing import Any, Callable

from benches.programs.fleet_load import id_of
from benches.report import Check, Curve, Report, Row, percentile, summarize
from benches.resources import cpu
from benches.sandbox import STARTING, Sandbox, wait_for
from headway_viewer.fleet import subjects
from headway_viewer.fleet.fleet_feed import FleetFeed
from headway_viewer.fleet.server_access import Access
from headway_viewer.replica.replica import Replica

SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/sbin")
HOSTS = 100
MANY_HOSTS = 10_000  # of the largest fleet
BEAT_EVERY = 10.0  # seconds between the heartbeats of a host
MOVING = 2_000  # operations that the states of `flood` are of
ENDS_RATE = 20.0
HOUR_OF_ENDS = 3_600
UPLINK_OPERATIONS = 50
MIB = 1 << 20


class Onlooker:
    """A viewer's connection and replica, without a screen."""

    def __init__(self, url: str) -> None:
        self.replica = Replica()
        self._feed = FleetFeed(self.replica, Access((url,)), subjects.filters(None, []))

    def look_until(self, happened: Callable[[], object], seconds: float, what: str) -> None:
        """Take in what comes until `happened` is true. Raise `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not happen within {seconds} s")
            self._feed.wait(0.02)

    def is_whole(self) -> bool:
        """Return whether the snapshot has come."""
        return not self.replica.wanted

    def knows_all(self) -> bool:
        """Return whether the operations of one host are there."""
        return len(self.replica.operations) >= UPLINK_OPERATIONS

    def look_for(self, seconds: float) -> None:
        """Take in what comes for at most so long."""
        self._feed.wait(seconds)

    def close(self) -> None:
        """End the connection."""
        self._feed.close()


def measure(quick: bool = False) -> Report:
    """Measure the area; return its report."""
    if SERVER is None:
        raise RuntimeError("nats-server is not installed: apt-get install nats-server")
    report = Report("fleet", "A fleet", [], [], [], [])
    if quick:
        sizes, ends, states = [(200, HOSTS)], 5, 500
    else:
        sizes, ends, states = [(10_000, HOSTS), (100_000, MANY_HOSTS)], 200, 20_000
    points: list[tuple[float, float]] = []
    for size, hosts in sizes:
        with Sandbox() as sandbox:
            url = start_server(sandbox)
            rounds = 3 if size <= 10_000 else 1
            points.append((size, late_join(report, sandbox, url, size, hosts, rounds)))
            if size == sizes[0][0]:
                states_a_second(report, sandbox, url, size, states)
                ends_on_a_screen(report, sandbox, url, ends)
    name = "from the connection to the whole replica"
    report.curves.append(Curve("Late join of a fleet", name, "operations", "seconds", points))
    uplink_cpu(report, 1.0 if quick else 10.0)
    outage_memory(report, 50 if quick else HOUR_OF_ENDS)
    report.notes.append(
        "Operations have 3 stages each. A late join is counted from the connection to the whole"
        " replica, in a program that is loaded; an end from the call in the program to the replica"
        f" of a viewer of {sizes[0][0]:,} operations, {ENDS_RATE:g} a second."
    )
    report.notes.append(
        f"The outage: {HOUR_OF_ENDS:,} operations begin, change and end, one a second for an hour,"
        " and the broker forgets each; peak memory of a process that has loaded all of `headway"
        " uplink`."
    )
    return report


def start_server(sandbox: Sandbox) -> str:
    """Start a server in the sandbox; return its URL."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    store = os.path.join(sandbox.directory, "nats")
    sandbox.start(
        str(SERVER),
        *("-a", "127.0.0.1", "-p", str(port), "-js", "-sd", store),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return False
        return True

    wait_for(answers, STARTING, "a listening nats-server")
    return f"nats://127.0.0.1:{port}"


def load(sandbox: Sandbox, *arguments: object) -> dict[str, Any]:
    """Run a part of the load to its end; return what it prints."""
    process = sandbox.program("fleet_load", *arguments)
    line = process.stdout.readline()
    process.wait()
    return json.loads(line)


def late_join(
    report: Report, sandbox: Sandbox, url: str, size: int, hosts: int, rounds: int
) -> float:
    """Time how long a viewer takes that attaches to so many operations; return the seconds."""
    sent = load(sandbox, "fill", url, size, hosts)["bytes"]
    seconds = []
    whole = True
    for _ in range(rounds):
        begun = time.monotonic()
        onlooker = Onlooker(url)
        try:
            onlooker.look_until(onlooker.is_whole, 120, "a snapshot")
            seconds.append(time.monotonic() - begun)
            whole = whole and len(onlooker.replica.operations) == size
        finally:
            onlooker.close()
    limit = 1.0 if size <= 10_000 else 8.0
    name = f"late join at {size:,} operations of {hosts:,} hosts ({sent:,} bytes)"
    report.rows.append(Row(name, summarize(seconds), "s", at_most=limit))
    report.checks.append(Check(f"all {size:,} operations are there", whole))
    return summarize(seconds).median


def states_a_second(report: Report, sandbox: Sandbox, url: str, size: int, states: int) -> None:
    """Time how long a viewer takes for many states, from the first that it sees."""
    onlooker = Onlooker(url)
    moving = min(MOVING, size, states)
    last = id_of((states - 1) % moving)
    replica = onlooker.replica

    def done(name: str) -> float:
        return replica.operations[name].stages[1].done

    try:
        onlooker.look_until(onlooker.is_whole, 60, "a snapshot")
        process = sandbox.program("fleet_load", "flood", url, moving, states)
        onlooker.look_until(lambda: done(id_of(0)) > 1, 60, "the first state")
        begun = time.monotonic()
        onlooker.look_until(lambda: done(last) == 1000, 120, "the last state")
        lasted = time.monotonic() - begun
        process.wait()
    finally:
        onlooker.close()
    report.rows.append(
        Row("states that one viewer takes in", summarize([states / lasted]), "states/s")
    )
    # While nobody looks on a host, its operations that move tell one state a second each.
    spare = states / lasted - MANY_HOSTS / BEAT_EVERY
    name = f"beside the heartbeats of {MANY_HOSTS:,} hosts: operations that may move at once"
    report.rows.append(Row(name, summarize([max(spare, 0.0)]), "operations"))


def ends_on_a_screen(report: Report, sandbox: Sandbox, url: str, count: int) -> None:
    """Time ends from the program to the replica of a viewer."""
    sandbox.broker()
    sandbox.headway("uplink", url, stderr=subprocess.DEVNULL)
    program = sandbox.program("fleet_load", "ends", count, ENDS_RATE, stdin=subprocess.PIPE)
    program.stdout.readline()
    onlooker = Onlooker(url)
    seen: dict[str, float] = {}
    replica = onlooker.replica

    def known() -> bool:
        names = {one.name for one in replica.operations.values()}
        return all(f"end {number}" in names for number in range(count))

    try:
        onlooker.look_until(known, 60, "the operations in the fleet")
        replica.take()
        program.stdin.write("\n")
        program.stdin.flush()
        deadline = time.monotonic() + 60 + count / ENDS_RATE
        while len(seen) < count and time.monotonic() < deadline:
            onlooker.look_for(0.2)
            now = time.monotonic()
            for name in replica.take().operations:
                operation = replica.operations[name]
                if not operation.open and operation.name.startswith("end "):
                    seen.setdefault(operation.name, now)
    finally:
        onlooker.close()
    ended = dict(json.loads(program.stdout.readline()) for _ in range(count))
    delays = [(seen[name] - at) * 1000 for name, at in ended.items() if name in seen]
    report.checks.append(Check("every end is on the fleet's screen", len(delays) == count))
    report.rows.append(Row("an end on a fleet's screen", summarize(delays), "ms"))
    worst = summarize([percentile(delays, 0.99)])
    report.rows.append(Row("an end on a fleet's screen, 99 of 100", worst, "ms", at_most=250))


def uplink_cpu(report: Report, seconds: float) -> None:
    """Measure the CPU of an uplink of 50 operations that move five times a second."""
    for viewers in (0, 1):
        with Sandbox() as sandbox:
            url = start_server(sandbox)
            sandbox.broker()
            sandbox.workers(1, 5, 10, 1, 5.0)
            if viewers:
                sandbox.viewers(1)
            uplink = sandbox.headway("uplink", url, stderr=subprocess.PIPE)
            uplink.stderr.readline()  # it publishes: the stream is there
            onlooker = Onlooker(url)
            try:
                onlooker.look_until(onlooker.knows_all, 60, "the operations")
            finally:
                onlooker.close()
            shares = []
            for _ in range(2):
                before, begun = cpu(uplink.pid), time.monotonic()
                time.sleep(seconds / 2)
                shares.append((cpu(uplink.pid) - before) / (time.monotonic() - begun) * 100)
        looked = "somebody looks" if viewers else "nobody looks"
        name = f"uplink, 50 operations at 5 Hz, {looked}"
        limit = None if viewers else 1.0
        report.rows.append(Row(name, summarize(shares), "% of a core", at_most=limit))


def outage_memory(report: Report, ends: int) -> None:
    """Measure the memory of an uplink that has been through an outage."""
    with Sandbox() as sandbox:
        found = load(sandbox, "outage", ends)
    used, bare = found["used"] / MIB, found["bare"] / MIB
    report.rows.append(
        Row("uplink after an hour's outage", summarize([used]), "MiB", at_most=40 * 1e6 / MIB)
    )
    report.rows.append(Row("of that, the ends it keeps", summarize([used - bare]), "MiB"))
    report.checks.append(
        Check(f"all {ends:,} ends of the outage are kept or counted", _all_counted(found, ends))
    )


def _all_counted(found: dict[str, Any], ends: int) -> bool:
    return found["kept"] + found["lost"] == ends
