"""`headway doctor`: where reports go on this machine, and why they are not seen.

What it says works it has tried: it makes files where programs make them, and greets the
broker. Absent: starting anything.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from urllib.parse import quote

from headway import __version__
from headway.host import interpreter
from headway.protocol import endpoint

# Seconds for the broker to answer a greeting: one that is busy answers within its next turn,
# one that is stopped (SIGSTOP) never does.
ANSWER_TIMEOUT = 5.0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


def main(argv: list[str]) -> int:
    """Print what a program that reports would find; return 1 where reporting is off."""
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
    """Return the facts as (name, value), and the reasons why reporting is off. Start nothing."""
    lines = [
        (
            "headway",
            f"{__version__} in {os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}",
        ),
        ("python", f"{platform.python_version()} at {sys.executable or 'an unknown place'}"),
    ]
    trouble: list[str] = []
    if environ.get("HEADWAY", "").lower() == "off":
        trouble.append("HEADWAY=off is set")
    if os.name == "nt":
        trouble.append("Windows is not supported yet")
        return lines, trouble
    trouble += _libraries(lines)
    lines.append(("interpreter", _interpreter(environ)))
    user = endpoint.user_of(environ, uid)
    if user != uid:
        lines.append(("user", f"root reports to the broker of uid {user}, who used sudo"))
    lines += [(name, environ[name]) for name in sorted(environ) if name.startswith("HEADWAY")]
    lines.append(("state", _state(environ, uid, user)))
    lines += _secret(environ, uid, user)
    try:
        place = _runtime(environ, user)
    except endpoint.NoRuntimeDirectory as error:
        lines += _lost(environ, uid, user, None)
        trouble.append(str(error))
        _broker(environ, user, None, lines, trouble)
        return lines, trouble
    lines.append(("runtime", place))
    from headway.host import broker_launch  # noqa: PLC0415 - not there on Windows
    from headway.host.spool import WAITING_LIMIT, try_out  # noqa: PLC0415

    try:
        try_out(place, user)
    except OSError as error:
        trouble.append(f"nothing can be left in {place}: {error.strerror}")
    _broker(environ, user, place, lines, trouble)
    lines += _other_brokers(environ, user, place)
    unsent = _files(os.path.join(place, endpoint.SPOOL))
    # What lies there for a moment beside a broker is with it.
    if unsent and not broker_launch.listening(os.path.join(place, endpoint.REPORT), user):
        waits = f"{unsent} files of final states wait for a broker"
        if interpreter.find(environ) is None:
            waits += ", and none can be started; "
            waits += f"beyond {WAITING_LIMIT} the oldest are removed"
        lines.append(("unsent", waits))
    aside = _files(os.path.join(place, endpoint.SPOOL), aside=True)
    if aside:
        lines.append(("set aside", f"{aside} files in {endpoint.SPOOL}/ that no broker could take"))
    return lines + _lost(environ, uid, user, place), trouble


def _runtime(environ: Mapping[str, str], user: int) -> str:
    """Return the directory that `headway ps` looks into, made where there is none.

    Raise `NoRuntimeDirectory`.
    """
    try:
        return endpoint.runtime_directory(environ, user, make=False)
    except endpoint.NotMade:
        return endpoint.runtime_directory(environ, user)


def _other_brokers(environ: Mapping[str, str], user: int, place: str) -> list[tuple[str, str]]:
    """Return where else a broker of `user` listens: programs of another environment report there.

    Such are cron's, which has no XDG_RUNTIME_DIR, where /run/user/UID is absent.
    """
    from headway.host import broker_launch  # noqa: PLC0415 - not there on Windows

    bare = {name: value for name, value in environ.items() if name != "HEADWAY_RUNTIME_DIR"}
    found: list[tuple[str, str]] = []
    for _, directory in endpoint.candidates(bare, user):
        path = os.path.join(directory, endpoint.REPORT)
        if directory == place or endpoint.reason_against(directory, user):
            continue
        if broker_launch.listening(path, user):
            found.append(("another", f"broker of yours listens at {path}: what it has is not here"))
    return found


def _state(environ: Mapping[str, str], uid: int, user: int) -> str:
    """Return where the broker of `user` stores history, and why it cannot."""
    if user != uid:  # it becomes that user, and takes on their home
        environ = {name: value for name, value in environ.items() if name != "XDG_STATE_HOME"}
    place = endpoint.state_directory(environ, _home(user))
    there = place
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        against = f"{error.strerror}: {there}" if there != place else error.strerror
        return f"{place}: nothing is remembered: {against}"
    damaged = sum(".corrupt-" in name for name in os.listdir(there) if "-wal" not in name)
    if damaged and there == place:
        return f"{place}: {damaged} damaged files of the history were set aside there"
    return place


def _lost(
    environ: Mapping[str, str], uid: int, user: int, place: str | None
) -> list[tuple[str, str]]:
    """Tell how many ends of programs found no place, if any did, and when the last."""
    from headway.host import lost_ends  # noqa: PLC0415 - not there on Windows

    places = [] if place is None else [place]
    if user == uid:
        places.append(endpoint.state_directory(environ, _home(user)))
    number, last = lost_ends.known(places)
    if not number:
        return []
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(last))
    what = f"{number} final states found no broker and no room in {endpoint.SPOOL}/"
    return [("lost", f"{what}, the last at {when}")]


def _secret(environ: Mapping[str, str], uid: int, user: int) -> list[tuple[str, str]]:
    """Tell what is wrong with the secret that commands are known by, if anything is."""
    from headway.host import secret  # noqa: PLC0415 - not there on Windows

    path = secret.secret_path(environ, uid)
    try:
        secret.load(path, user)
        made = os.stat(path).st_mtime
    except FileNotFoundError:
        made = time.time()
    except OSError as error:
        why = error.strerror or str(error)
        return [("secret", f"{path}: earlier runs of commands are not found: {why}")]
    runs = _runs_before(os.path.join(os.path.dirname(path), "history.sqlite3"), made)
    if not runs:
        return []
    return [("secret", f"lost: {runs} earlier runs of commands are not found any more: {path}")]


def _runs_before(path: str, made: float) -> int:
    """Return how many runs of commands ended before the secret was made, so under another."""
    import sqlite3  # noqa: PLC0415 - some Pythons are built without it

    try:
        # A run of a command has coarser keys. Read only, so nothing is made or migrated.
        connection = sqlite3.connect("file:" + quote(path) + "?mode=ro", uri=True, timeout=1.0)
        try:
            query = (
                "SELECT count(*) FROM runs WHERE ended < ? AND number IN (SELECT run FROM coarser)"
            )
            return int(connection.execute(query, (made,)).fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error:
        return 0


_NONE = (
    "this program is no Python, its prefix has none of this version, and there is no headway"
    " command on PATH"
)


def _interpreter(environ: Mapping[str, str]) -> str:
    """Tell what the broker and a terminal's viewer are run by."""
    found = interpreter.find(environ)
    if found is None:
        return f"none: {_NONE}"
    whose = ", which has the headway command of PATH" if found.foreign else ""
    return f"{found.path} runs broker and viewers{whose}"


def _home(user: int) -> str:
    import pwd  # noqa: PLC0415 - not there on Windows

    try:
        return pwd.getpwuid(user).pw_dir
    except KeyError:
        return os.path.expanduser("~")


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
    place: str | None,
    lines: list[tuple[str, str]],
    trouble: list[str],
) -> None:
    """Add what is known of the broker: of the one that is named, or in the directory `place`."""
    from headway.host import broker_launch  # noqa: PLC0415 - not there on Windows

    try:
        named = endpoint.named_socket(environ)
    except endpoint.EndpointRefused as error:
        trouble.append(str(error))
        return
    if place is None and named is None:
        return
    path = named or os.path.join(place or "", endpoint.REPORT)
    if broker_launch.listening(path, user):
        pid = _holder(os.path.join(os.path.dirname(path), endpoint.LOCK))
        lines.append(("broker", f"listens at {path}" + (f", pid {pid}" if pid else "")))
        against = _greet(path)
        if against:
            trouble.append(f"the broker {against}")
    elif named:
        trouble.append(f"HEADWAY_ENDPOINT is {named}, and nobody listens there")
    elif environ.get("HEADWAY_BROKER", "").lower() == "never":
        trouble.append("no broker runs, and HEADWAY_BROKER=never forbids to start one")
    elif interpreter.find(environ) is None:
        trouble.append(f"no broker runs, and no Python is known that could run one: {_NONE}")
    else:
        lines.append(("broker", "none runs; the first program that reports starts one"))


def _greet(path: str) -> str | None:
    """Return what the broker at the socket `path` does instead of answering a `Hello`, or None."""
    try:
        import zmq  # noqa: PLC0415

        from headway.host.identity import describe  # noqa: PLC0415
        from headway.protocol import messages, wire  # noqa: PLC0415
    except Exception:
        return None  # said already
    context = zmq.Context()
    try:
        sock = context.socket(zmq.DEALER)
        sock.connect("ipc://" + path)
        head = (messages.MAGIC, messages.MAJOR, messages.MINOR)
        who = (os.urandom(8).hex(), "viewer", time.monotonic(), describe(__version__))
        hello = messages.Hello(*head, *who)
        sock.send(wire.encode(hello))
        if not sock.poll(int(ANSWER_TIMEOUT * 1000)):
            return f"does not answer (waited {ANSWER_TIMEOUT:.0f} s)"
        answer = wire.decode(sock.recv(), messages.OUTBOUND)
        if isinstance(answer, messages.Refuse):
            return f"refuses: {answer.reason} {answer.details}"
    except (zmq.ZMQError, wire.Malformed) as error:
        return f"does not answer: {error}"
    finally:
        context.destroy(linger=0)
    return None


def _holder(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(32).strip() or None
    except OSError:
        return None


def _files(folder: str, *, aside: bool = False) -> int:
    """Return how many files of a spool wait for a broker, or were set `aside` by one."""
    try:
        names = os.listdir(folder)
        if aside:
            return sum(name.startswith((".broken-", ".refused-")) for name in names)
        return sum(not name.startswith(".") for name in names)
    except OSError:
        return 0
