"""`headway doctor`: where reports go on this machine, and why they do not."""

from __future__ import annotations

import argparse
import os
import platform
import sys

from headway import __version__
from headway.protocol import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


def main(argv: list[str]) -> int:
    """Print what a program that reports would find; exit status 1 where reporting is off."""
    parser = argparse.ArgumentParser(
        prog="headway doctor",
        description="Print where programs report to on this machine, and why they do not.",
    )
    parser.parse_args(argv)
    lines, trouble = examine(os.environ, os.getuid() if hasattr(os, "getuid") else 0)
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        sys.stdout.write(f"{name:<{width}}  {value}\n")
    for reason in trouble:
        sys.stdout.write(f"reporting is off: {reason}\n")
    if not trouble:
        sys.stdout.write("reporting works\n")
    return 1 if trouble else 0


def examine(environ: Mapping[str, str], uid: int) -> tuple[list[tuple[str, str]], list[str]]:
    """The facts as (name, value), and why reporting is off, where it is. Starts nothing."""
    lines = [
        ("headway", f"{__version__} in {os.path.dirname(os.path.abspath(__file__))}"),
        ("python", f"{platform.python_version()} at {sys.executable or 'an unknown place'}"),
    ]
    trouble: list[str] = []
    if environ.get("HEADWAY", "").lower() == "off":
        trouble.append("HEADWAY=off is set")
    if os.name == "nt":
        trouble.append("Windows is not supported yet")
        return lines, trouble
    trouble += _libraries(lines)
    user = endpoint.user_of(environ, uid)
    if user != uid:
        lines.append(("user", f"root reports to the broker of uid {user}, who used sudo"))
    lines += [(name, environ[name]) for name in sorted(environ) if name.startswith("HEADWAY")]
    lines.append(("state", endpoint.state_directory(environ, os.path.expanduser("~"))))
    try:
        place = endpoint.runtime_directory(environ, user)
    except endpoint.NoRuntimeDirectory as error:
        return lines, [*trouble, str(error)]
    lines.append(("runtime", place))
    _broker(environ, user, place, lines, trouble)
    return lines, trouble


def _libraries(lines: list[tuple[str, str]]) -> list[str]:
    trouble: list[str] = []
    try:
        import zmq  # noqa: PLC0415 - that it may be missing is what is looked into

        lines.append(("pyzmq", f"{zmq.pyzmq_version()} with libzmq {zmq.zmq_version()}"))
        if not zmq.has("ipc"):
            trouble.append("this libzmq has no ipc transport")
    except Exception as error:
        trouble.append(f"pyzmq cannot be imported: {error}")
    try:
        import msgpack  # noqa: PLC0415

        lines.append(("msgpack", ".".join(map(str, msgpack.version))))
    except Exception as error:
        trouble.append(f"msgpack cannot be imported: {error}")
    return trouble


def _broker(
    environ: Mapping[str, str],
    user: int,
    place: str,
    lines: list[tuple[str, str]],
    trouble: list[str],
) -> None:
    from headway import launch  # noqa: PLC0415 - not there on Windows

    named = environ.get("HEADWAY_ENDPOINT")
    path = named[len("ipc://") :] if named and named.startswith("ipc://") else None
    path = path or os.path.join(place, endpoint.REPORT)
    if launch.listening(path, user):
        pid = _holder(os.path.join(os.path.dirname(path), endpoint.LOCK))
        lines.append(("broker", f"listens at {path}" + (f", pid {pid}" if pid else "")))
    elif named:
        trouble.append(f"HEADWAY_ENDPOINT is {named}, and nobody listens there")
    elif environ.get("HEADWAY_BROKER", "").lower() == "never":
        trouble.append("no broker runs, and HEADWAY_BROKER=never forbids to start one")
    elif not sys.executable:
        trouble.append("no broker runs, and Python does not know its own program to start one")
    else:
        lines.append(("broker", "none runs; the first program that reports starts one"))
    unsent = _files(os.path.join(place, endpoint.UNSENT))
    if unsent:
        lines.append(("unsent", f"{unsent} files of final states wait for a broker"))


def _holder(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(32).strip() or None
    except OSError:
        return None


def _files(folder: str) -> int:
    try:
        return sum(not name.startswith(".") for name in os.listdir(folder))
    except OSError:
        return 0
