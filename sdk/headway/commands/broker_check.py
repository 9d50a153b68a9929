"""What `headway doctor` tells of the broker: that it answers, its version, and what it runs in.

A broker serves every program of its user. So it is told what the first of them may have given it:
the service that it is stopped with, a nice value, processors, limits.
"""

from __future__ import annotations

import os
import time

from headway import __version__
from headway.host.launch import interpreter
from headway.protocol import endpoint

# Seconds for the broker to answer a greeting: one that is busy answers within its next turn,
# one that is stopped (SIGSTOP) never does.
ANSWER_TIMEOUT = 5.0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

NO_INTERPRETER = (
    "this program is no Python, its prefix has none of this version, and there is no headway"
    " command on PATH"
)


def examine(
    environ: Mapping[str, str],
    user: int,
    place: str | None,
    lines: list[tuple[str, str]],
    trouble: list[str],
) -> None:
    """Add what is known of the broker: of the one that is named, or in the directory `place`."""
    from headway.host.launch import broker_launch  # noqa: PLC0415 - not there on Windows

    try:
        network = endpoint.network_endpoint(environ)
        if network is not None:
            _examine_network(environ, network, lines, trouble)
            return
        named = endpoint.named_socket(environ)
    except endpoint.EndpointRefused as error:
        trouble.append(str(error))
        return
    if place is None and named is None:
        return
    path = named or os.path.join(place or "", endpoint.REPORT)
    if broker_launch.listening(path, user):
        pid = broker_launch.listener(path)
        about, against = _greet("ipc://" + path)
        version = about.get("version")
        told = f"listens at {path}" + (f", pid {pid}" if pid else "")
        if version:
            told += f", version {version}" + (
                "" if version == __version__ else f" (this is {__version__})"
            )
        lines.append(("broker", told))
        lines += _process(pid) if pid else []
        if pid and stores_nothing(pid):
            lines.append((STORES, NOTHING))
        if against:
            trouble.append(f"the broker {against}")
    elif named:
        trouble.append(f"HEADWAY_ENDPOINT is {named}, and nobody listens there")
    elif environ.get("HEADWAY_BROKER", "").lower() == "never":
        trouble.append("no broker runs, and HEADWAY_BROKER=never forbids to start one")
    elif interpreter.find(environ) is None:
        trouble.append(
            f"no broker runs, and no Python is known that could run one: {NO_INTERPRETER}"
        )
    else:
        lines.append(("broker", "none runs; the first program that reports starts one"))


def _examine_network(
    environ: Mapping[str, str], address: str, lines: list[tuple[str, str]], trouble: list[str]
) -> None:
    """Add what is known of the broker on a network that is named."""
    from headway.host.files import key_files  # noqa: PLC0415 - only where one is named

    found: list[str] = []
    for roles in (key_files.REPORTING, key_files.VIEWING):
        try:
            pair = key_files.find(environ, os.getuid(), roles)
        except key_files.NoKey as error:
            if roles == key_files.REPORTING:
                trouble.append(f"HEADWAY_ENDPOINT is {address!r}: {error}")
        else:
            found.append(f"{pair.name} ({pair.role})")
            if roles == key_files.REPORTING:
                about, against = _greet(address, "worker")
                told = f"answers at {address}, version {about.get('version')}"
                if against:
                    trouble.append(f"the broker at {address} {against}")
                else:
                    lines.append(("broker", told))
    lines.append(("keys", ", ".join(found) or "none that can be used here"))


def _greet(address: str, role: str = "viewer") -> tuple[Mapping[str, Any], str | None]:
    """Return what the broker at an endpoint says of itself, and what is wrong with it."""
    try:
        import zmq  # noqa: PLC0415

        from headway.host import network  # noqa: PLC0415
        from headway.host.files import key_files  # noqa: PLC0415
        from headway.host.identity import describe  # noqa: PLC0415
        from headway.protocol import messages, retirement, wire  # noqa: PLC0415
    except Exception:
        return {}, None  # said already
    context = zmq.Context()
    try:
        sock = context.socket(zmq.DEALER)
        network.secure(sock, address, key_files.REPORTING)
        sock.connect(address)
        head = (messages.MAGIC, messages.MAJOR, messages.MINOR)
        who = (os.urandom(8).hex(), role, time.monotonic(), describe(__version__))
        hello = messages.Hello(*head, *who)
        sock.send(wire.encode(hello))
        if not sock.poll(int(ANSWER_TIMEOUT * 1000)):
            return {}, f"does not answer (waited {ANSWER_TIMEOUT:.0f} s)"
        answer = wire.decode(sock.recv(), messages.OUTBOUND)
        if isinstance(answer, messages.Welcome):
            return answer.about, None
        if isinstance(answer, messages.Refuse) and answer.reason == "version":
            return {}, f"refuses: {retirement.mismatch(answer)}"
        if isinstance(answer, messages.Refuse):
            return {}, f"refuses: {answer.reason} {answer.details}"
    except (zmq.ZMQError, wire.Malformed) as error:
        return {}, f"does not answer: {error}"
    finally:
        context.destroy(linger=0)
    return {}, None


def _process(pid: int) -> list[tuple[str, str]]:
    """Return what a broker runs in, as far as the kernel tells."""
    from headway.host.launch import cgroup  # noqa: PLC0415 - not there on Windows

    service = cgroup.service_in(cgroup.group(pid))
    facts = [f"stopped with {service}"] if service else []
    facts.append(f"in the control group {cgroup.path_in(cgroup.group(pid)) or 'unknown'}")
    try:
        facts.append(f"nice {os.getpriority(os.PRIO_PROCESS, pid)}")
        if hasattr(os, "sched_getaffinity"):
            facts.append(f"{len(os.sched_getaffinity(pid))} of {os.cpu_count()} processors")
    except OSError:
        pass  # it has ended, or is another user's
    return [("runs", ", ".join(facts)), *_limits(pid)]


def _limits(pid: int) -> list[tuple[str, str]]:
    """Return the soft limits that a process has, but those of what it does not use."""
    found: list[str] = []
    try:
        with open(f"/proc/{pid}/limits", encoding="ascii", errors="replace") as file:
            for line in file:
                what, soft = line[:26].strip(), line[26:47].strip()
                if what in _LIMITS:
                    found.append(f"{soft} {_LIMITS[what]}")
    except OSError:
        return []
    return [("limits", ", ".join(found))] if found else []


def stores_nothing(pid: int) -> bool:
    """Return whether a process may write files of less than a history needs."""
    try:
        with open(f"/proc/{pid}/limits", encoding="ascii", errors="replace") as file:
            sizes = [line[26:47].strip() for line in file if line.startswith("Max file size")]
    except OSError:
        return False
    return any(size.isdecimal() and int(size) < LEAST_FILE for size in sizes)


STORES = "stores"  # the name of the line that says that the broker stores nothing
# A program of a moment has ended before it greets the broker, and so asks for no other.
NOTHING = (
    "nothing: it may write no file, until a program without its limits reports for some seconds"
)
LEAST_FILE = 1 << 20  # bytes: an empty history takes a tenth of it, with its log
# As /proc/PID/limits names them, and as we do.
_LIMITS = {
    "Max open files": "descriptors",
    "Max cpu time": "s of processor time",
    "Max address space": "bytes of addresses",
    "Max file size": "bytes a file",
}
