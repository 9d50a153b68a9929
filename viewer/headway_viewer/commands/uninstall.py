"""`headway uninstall`: list what Headway has made for this user, and remove it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from contextlib import closing
from typing import Any, Mapping, Protocol, Sequence

from headway import text
from headway.formatting.outcome import display_name
from headway.host import identity
from headway.host.files import key_files
from headway.host.launch import user_units
from headway.protocol import endpoint
from headway.protocol.endpoint import NoRuntimeDirectory
from headway.protocol.messages import Reply
from headway_viewer.commands.options import make_parser, print_error
from headway_viewer.connection.endpoint import endpoint_finder, find_endpoint, is_starting
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.owner_answer import ANSWER_TIMEOUT, OwnerAnswer, owner_answer
from headway_viewer.connection.single_snapshot import LOOK_EVERY, fetch_snapshot
from headway_viewer.notify import autostart
from headway_viewer.replica.replica import Replica

NAMES, NAME_LIMIT = 5, 60  # operations that are named, and characters of each
REASON_LIMIT = 200  # characters of why one cannot go on
FOLLOWERS_TIMEOUT = 4.0  # seconds for viewers to notice: they look for a broker once a second
MARK = """\
Headway was uninstalled. Programs that had begun before look here, and report no more.
Once they have ended this file may go.
"""
STOP_TIMEOUT = 15.0  # seconds for the broker to store what it has and leave
HISTORY = "history.sqlite3"  # of `headway_broker.history.database`
# What is made in the two directories; nothing else there is touched.
STATE_FILES = (
    HISTORY,
    "secret",
    "long-commands",
    "lost-ends",
)
RUNTIME_FILES = (
    "broker.lock",
    "broker.log",
    "report.sock",
    "follow.sock",
    "start.lock",
    "lost-ends",
)
RUNTIME_FOLDERS = ("unsent", "terminals")
# How other names begin of what is in these directories.
ALSO = (HISTORY, "broker.log.", "bars-", endpoint.SECOND_SPOOL)
# Where `headway completion --help` says to put what it prints.
COMPLETIONS = (
    ".local/share/bash-completion/completions/headway",
    ".config/fish/completions/headway.fish",
)


class Asked(Protocol):
    """What requests go through: a `Feed`."""

    replica: Replica

    def ask(self, verb: str, arguments: dict[str, Any], timeout: float) -> Reply | None:
        """Send a request; return its reply, or None if none comes within `timeout` seconds."""
        ...


def uninstall(argv: Sequence[str]) -> int:
    """Run `headway uninstall ARGV…`; return the exit status."""
    parser = make_parser(
        "uninstall",
        "List what Headway has made for you, and what goes on; then ask, stop the broker and what\n"
        "follows it (`headway notify`, `view`, …), and remove all of it. Programs go on, and\n"
        "report no more. The program itself is pip's, pipx's or uv's to remove.",
        "headway uninstall\nheadway uninstall --yes",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask, unless something goes on")
    parser.add_argument("--force", action="store_true", help="do not ask, whatever goes on")
    arguments = parser.parse_args(argv)
    _await_broker()
    found = paths(os.environ, os.getuid(), os.path.expanduser("~"))
    if not found:
        for mark in _earlier_marks():
            _drop_mark(mark)
        sys.stdout.write("there is nothing of Headway here\n")
        return 0
    for path in found:
        sys.stdout.write(f"{path}\n")
    going = going_text(_open_operations())
    if going:
        sys.stdout.write(f"{going}\n")
    sys.stdout.flush()
    if not arguments.force and (going or not arguments.yes):
        if arguments.yes or not sys.stdin.isatty():
            option = "--force" if going else "--yes"
            return print_error("uninstall", f"nothing was removed; {option} removes it", 1)
        learned = any(os.path.basename(path) == HISTORY for path in found)
        also = ", with what it has learned" if learned else ""
        sys.stdout.write(f"Stop Headway and remove all this{also}? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return print_error("uninstall", "nothing was removed", 1)
    stopped = _resume_paused()
    if stopped:
        return print_error("uninstall", f"nothing was removed: {stopped}", 1)
    # First: whatever looks for the broker from now on is to make nothing again.
    marks = [mark for mark in map(_leave_mark, _runtime_directories(found)) if mark is not None]
    enabled = (autostart.unit_path(os.environ), autostart.entry_path(os.environ))
    if any(path in found for path in enabled):
        autostart.disable(os.environ, print)
    user_units.uninstall(user_units.BROKER, os.environ, print)
    _stop_broker()
    made = paths(os.environ, os.getuid(), os.path.expanduser("~"))  # until the broker left
    left = [path for path in dict.fromkeys([*made, *found]) if not remove(path)]
    for path in left:
        print_error("uninstall", f"could not be removed: {path}", 1)
    for mark in marks:
        _drop_mark(mark)
    keys = key_files.folder(os.environ, os.getuid())
    if os.path.isdir(keys):
        sys.stdout.write(f"{keys} stays: other machines may know these keys\n")
    sys.stdout.write("removed; now `pip uninstall headway`, or as it was installed\n")
    return 1 if left else 0


def going_text(names: Sequence[str]) -> str:
    """Return a line about the operations that go on; "" where none does."""
    if not names:
        return ""
    shown = ", ".join(text.safe(name, NAME_LIMIT) for name in names[:NAMES])
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    it = "it goes" if len(names) == 1 else "they go"
    return f"still open: {shown}{more}; {it} on, and nothing tells how far"


def _open_operations() -> list[str]:
    """Return the names of the operations that have not ended, as far as a broker tells."""
    try:
        with _feed() as feed:
            fetch_snapshot(feed)
    except NoRuntimeDirectory:
        return []
    return [display_name(one) for one in feed.replica.operations.values() if one.open]


def _resume_paused() -> str | None:
    """Let all go on that is paused; return what could not, and why, or None."""
    try:
        with _feed() as feed:
            fetch_snapshot(feed)
            return resume_all(feed)
    except NoRuntimeDirectory:
        return None


def _feed() -> closing[Feed]:
    return closing(Feed(Replica(), endpoint_finder(start=False), overview=True))


def resume_all(feed: Asked) -> str | None:
    """Let all go on that a feed shows as paused; return what could not, and why, or None.

    Of what says so itself, and listens to nobody, no command is stopped.
    """
    for one in feed.replica.operations.values():
        if not (one.open and one.paused):
            continue
        reply = feed.ask("resume", {"operation": one.id}, ANSWER_TIMEOUT)
        if reply is not None and reply.result.get("answer") == "nobody":
            continue
        answer = OwnerAnswer(False, "no answer") if reply is None else owner_answer(reply)
        if not answer.accepted:
            return text.safe(answer.told("resume", display_name(one)), REASON_LIMIT)
    return None


def _runtime_directories(found: Sequence[str]) -> list[str]:
    """Return which of the paths are runtime directories."""
    known = [directory for _, directory in endpoint.candidates(os.environ, os.getuid())]
    return [path for path in found if path in known]


def _earlier_marks() -> list[str]:
    """Return the marks that stayed after an earlier removal, for programs that went on."""
    uid = os.getuid()
    places = [directory for _, directory in endpoint.candidates(os.environ, uid)]
    marks = [os.path.join(place, endpoint.UNINSTALLED) for place in places]
    return [mark for mark in marks if os.path.lexists(mark) and _is_own(os.path.dirname(mark), uid)]


def _leave_mark(directory: str) -> str | None:
    """Leave the mark of `headway.protocol.endpoint` in a directory; return its path, or None."""
    mark = os.path.join(directory, endpoint.UNINSTALLED)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        remove(mark)
        descriptor = os.open(mark, flags, 0o600)
    except OSError:
        return None
    with os.fdopen(descriptor, "w") as file:
        file.write(MARK)
    return mark


def _drop_mark(mark: str) -> None:
    """Remove a mark and its directory, unless programs that heed it go on."""
    until = time.monotonic() + FOLLOWERS_TIMEOUT
    while _any_may_report(os.path.dirname(mark)):
        if time.monotonic() >= until:
            sys.stdout.write(f"{mark} stays: it tells programs that go on to report no more\n")
            return
        time.sleep(0.1)
    remove(mark)
    remove(os.path.dirname(mark))


def _any_may_report(directory: str) -> bool:
    """Return whether a process of this user may have reported to the broker of a directory."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return True  # no /proc: nobody can tell
    return any(_may_report(pid, directory) for pid in pids if pid != os.getpid())


def _may_report(pid: int, directory: str) -> bool:
    """Return whether a process has libzmq loaded, and by its environment uses a directory."""
    try:
        if os.stat(f"/proc/{pid}").st_uid != os.getuid():
            return False
        with open(f"/proc/{pid}/maps", "rb") as file:
            if b"zmq" not in file.read():
                return False
        with open(f"/proc/{pid}/environ", "rb") as file:
            words: list[str] = os.fsdecode(file.read()).split("\0")
    except OSError:
        return False  # it has ended
    parts = (word.partition("=") for word in words)
    environ = {name: value for name, _, value in parts}
    return any(directory == one for _, one in endpoint.candidates(environ, os.getuid()))


def paths(environ: Mapping[str, str], uid: int, home: str) -> list[str]:
    """Return the files and folders that Headway has made for a user, folders after their files.

    The history is in the home that the system knows, whatever `home` a shell has.
    """
    found: list[str] = []
    for _, directory in endpoint.candidates(environ, uid):
        inside = _existing(directory, (*RUNTIME_FILES, *RUNTIME_FOLDERS))
        found += [*inside, directory] if inside and _is_own(directory, uid) else []
    state = endpoint.state_directory(environ, identity.home(uid))
    inside = _existing(state, STATE_FILES)
    found += [*inside, state] if inside and _is_own(state, uid) else []
    others = [autostart.unit_path(environ), autostart.entry_path(environ)]
    others.append(user_units.unit_path(user_units.BROKER, environ))
    others += [os.path.join(home, name) for name in COMPLETIONS]
    return [*found, *(path for path in others if os.path.lexists(path))]


def remove(path: str) -> bool:
    """Remove a file, or a folder of ours; a directory only if it is empty. Return whether it went.

    What holds something else stays, and counts as gone: it is not Headway's alone.
    """
    try:
        name = os.path.basename(path)
        whole = name in RUNTIME_FOLDERS or name.startswith(endpoint.SECOND_SPOOL)
        if whole and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.isdir(path) and not os.path.islink(path):
            try:
                os.rmdir(path)
            except OSError:
                return bool(os.listdir(path))
        else:
            os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def _existing(directory: str, names: Sequence[str]) -> list[str]:
    """Return what of these names is in a directory, and what was put aside beside them."""
    try:
        there = sorted(os.listdir(directory))
    except OSError:
        return []
    found = [one for one in there if one in names or one.startswith(ALSO)]
    return [os.path.join(directory, one) for one in found]


def _is_own(directory: str, uid: int) -> bool:
    """Return whether a directory is this user's, and no link to another place."""
    about = os.lstat(directory)
    return about.st_uid == uid and stat.S_ISDIR(about.st_mode)


def _await_broker() -> None:
    """Wait for a broker that is starting: it cannot be asked to stop, and has yet to make files."""
    until = time.monotonic() + STOP_TIMEOUT
    while find_endpoint(start=False) is None and is_starting() and time.monotonic() < until:
        time.sleep(LOOK_EVERY)


def _stop_broker() -> None:
    """Stop the broker, if one runs, and wait until it has left."""
    command = [sys.executable, "-m", "headway", "broker", "stop"]
    try:
        subprocess.run(  # noqa: S603 - a fixed command
            command, capture_output=True, timeout=STOP_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        pass  # it is stopped itself; its files go all the same
