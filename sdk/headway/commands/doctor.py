"""`headway doctor`: where reports go on this machine, and why they are not seen.

What it says works it has tried: it makes files where programs make them, and greets the
broker. Absent: starting anything.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import tempfile
import time
from urllib.parse import quote

from headway import __version__
from headway.commands import broker_check
from headway.commands.arguments import ArgumentParser
from headway.host import identity
from headway.host.launch import interpreter
from headway.protocol import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


HISTORY = "history.sqlite3"  # of `headway_broker.history.database`
FORGETS = ": nothing is remembered: "  # of the state directory, before why


def main(argv: list[str]) -> int:
    """Print what a program that reports would find; return 1 where reporting is off."""
    parser = ArgumentParser(
        epilog="examples:\n  headway doctor",
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
        forgets = any(name == "state" and FORGETS in value for name, value in lines)
        sys.stdout.write(f"reporting works{', without a history' if forgets else ''}\n")
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
    lines.append(("patch", _patch(environ)))
    lines.append(("state", _state(environ, uid, user)))
    lines += _secret(environ, uid, user)
    try:
        place = _runtime(environ, user)
    except endpoint.NoRuntimeDirectory as error:
        lines += _lost(environ, uid, user, None)
        trouble.append(str(error))
        broker_check.examine(environ, user, None, lines, trouble)
        return lines, trouble
    lines.append(("runtime", place))
    from headway.host.files.spool import WAITING_LIMIT  # noqa: PLC0415 - not there on Windows

    _try_out(place, user, lines, trouble)
    broker_check.examine(environ, user, place, lines, trouble)
    lines += _other_brokers(environ, user, place)
    waits = _waiting(environ, user)
    if waits:
        told = f"{waits} files of final states wait for a broker"
        if interpreter.find(environ) is None:
            told += f", and none can be started; beyond {WAITING_LIMIT} the oldest are removed"
        lines.append(("unsent", told))
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


def _try_out(place: str, user: int, lines: list[tuple[str, str]], trouble: list[str]) -> None:
    """Add where programs leave files, if not in the runtime directory, or why they cannot."""
    from headway.host.files import spool  # noqa: PLC0415 - not there on Windows

    try:
        spool.try_out(place, user)
    except OSError as error:
        cannot = f"nothing can be left in {place}: {error.strerror}"
        full = error.errno in spool.FULL
        second = spool.second_place(place, user, make=True) if full else None
        try:
            if second is None:
                raise
            spool.try_out(second, user)
        except OSError:
            trouble.append(cannot)
        else:
            lines.append(("full", f"{cannot}; final states are left in {second}"))


def _other_brokers(environ: Mapping[str, str], user: int, place: str) -> list[tuple[str, str]]:
    """Return where else a broker of `user` listens: programs of other environments report there."""
    from headway.host.launch import broker_launch  # noqa: PLC0415 - not there on Windows

    bare = {name: value for name, value in environ.items() if name != "HEADWAY_RUNTIME_DIR"}
    found: list[tuple[str, str]] = []
    for directory in endpoint.brokers(bare, user):
        path = os.path.join(directory, endpoint.REPORT)
        if directory != place and broker_launch.listening(path, user):
            found.append(("another", f"broker of yours listens at {path}: what it has is not here"))
    return found


def _waiting(environ: Mapping[str, str], user: int) -> int:
    """Return how many files wait in the user's runtime directories for a broker to start."""
    from headway.host.launch import broker_launch  # noqa: PLC0415 - not there on Windows

    places = [directory for _, directory in endpoint.candidates(environ, user)]
    if any(broker_launch.listening(os.path.join(at, endpoint.REPORT), user) for at in places):
        return 0  # what lies there for a moment beside a broker is with it
    from headway.host.files.spool import second_place  # noqa: PLC0415 - not there on Windows

    places += filter(None, [second_place(at, user) for at in places])
    private = (at for at in places if endpoint.reason_against(at, user) is None)
    return sum(_files(os.path.join(at, endpoint.SPOOL)) for at in private)


def _state(environ: Mapping[str, str], uid: int, user: int) -> str:
    """Return where the broker of `user` stores history, and why it cannot."""
    if user != uid:  # it becomes that user, and takes on their home
        environ = {name: value for name, value in environ.items() if name != "XDG_STATE_HOME"}
    place = endpoint.state_directory(environ, identity.home(user))
    there = place
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        against = f"{error.strerror}: {there}" if there != place else error.strerror
        return f"{place}{FORGETS}{against}"
    history = os.path.join(place, HISTORY)
    cannot = _history_against(history)
    if cannot is not None:
        return f"{place}{FORGETS}{HISTORY}: {cannot}"
    damaged = sum(".corrupt-" in name for name in os.listdir(there) if "-wal" not in name)
    if damaged and there == place:
        return f"{place}: {damaged} damaged files of the history were set aside there"
    return place


def _history_against(path: str) -> str | None:
    """Return why the history file cannot be opened and written, or None; it is not changed."""
    if not os.path.lexists(path):
        return None
    import sqlite3  # noqa: PLC0415 - some Pythons are built without it

    try:
        connection = sqlite3.connect("file:" + quote(path) + "?mode=rw", uri=True, timeout=1.0)
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > _history_version():
                return f"it is of a newer version of Headway ({version}), and left alone"
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        return None if "locked" in str(error) or "busy" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return f"{error}; the next broker sets it aside"
    return None


def _history_version() -> int:
    """Return the version of history files, which the broker knows; no limit where there is none."""
    try:
        schema = importlib.import_module("headway_broker.history.schema")
    except ImportError:
        return sys.maxsize
    return int(schema.VERSION)


def _lost(
    environ: Mapping[str, str], uid: int, user: int, place: str | None
) -> list[tuple[str, str]]:
    """Tell how many ends of programs found no place, if any did, and when the last."""
    from headway.host.files import lost_ends  # noqa: PLC0415 - not there on Windows

    places = [] if place is None else [place]
    if user == uid:
        places.append(endpoint.state_directory(environ, identity.home(user)))
    number, last = lost_ends.known(places)
    if not number:
        return []
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(last))
    what = f"{number} final states found no broker and no room in {endpoint.SPOOL}/"
    return [("lost", f"{what}, the last at {when}")]


def _secret(environ: Mapping[str, str], uid: int, user: int) -> list[tuple[str, str]]:
    """Tell what is wrong with the secret that commands are known by, if anything is."""
    from headway.host.files import secret_key  # noqa: PLC0415 - not there on Windows

    path = secret_key.secret_path(environ, uid)
    try:
        secret_key.load(path, user)
        made = os.stat(path).st_mtime
    except FileNotFoundError:
        made = time.time()
    except OSError as error:
        why = error.strerror or str(error)
        return [("secret", f"{path}: earlier runs of commands are not found: {why}")]
    runs = _runs_before(os.path.join(os.path.dirname(path), HISTORY), made)
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


def _interpreter(environ: Mapping[str, str]) -> str:
    """Tell what the broker and a terminal's viewer are run by."""
    found = interpreter.find(environ)
    if found is None:
        return f"none: {broker_check.NO_INTERPRETER}"
    whose = ", which has the headway command of PATH" if found.foreign else ""
    return f"{found.path} runs broker and viewers{whose}"


def _patch(environ: Mapping[str, str]) -> str:
    """Tell which Python programs `headway patch` sees inside of."""
    from headway.run.bars.patch import PATCH, REPORT, site_directory  # noqa: PLC0415 - not there on Windows

    site = site_directory()
    if site is None:
        return "not here: headway_patch is not in a directory"
    unseen = "not started with -I, -E or -S, by env -i, sudo or setuid, or older than 3.8"
    if not environ.get(PATCH) or not environ.get(REPORT):
        return f"`headway patch -- CMD` reports the bars of Pythons that are {unseen}"
    if site not in environ.get("PYTHONPATH", "").split(os.pathsep):
        return "PYTHONPATH was replaced: the bars of programs started from here are not reported"
    return f"the bars of Pythons started from here are reported, if they are {unseen}"


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


def _files(folder: str, *, aside: bool = False) -> int:
    """Return how many files of a spool wait for a broker, or were set `aside` by one."""
    try:
        names = os.listdir(folder)
        if aside:
            return sum(name.startswith((".broken-", ".refused-")) for name in names)
        return sum(not name.startswith(".") for name in names)
    except OSError:
        return 0
