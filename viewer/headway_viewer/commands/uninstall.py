"""`headway uninstall`: list what Headway has made for this user, and remove it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from typing import Mapping, Sequence

from headway.host.launch import user_units
from headway.protocol import endpoint
from headway_viewer.commands.options import make_parser, print_error
from headway_viewer.notify import autostart

STOP_TIMEOUT = 15.0  # seconds for the broker to store what it has and leave
# What is made in the two directories; nothing else there is touched.
STATE_FILES = (
    "history.sqlite3",
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
ALSO = ("history.sqlite3", "broker.log.", "bars-", endpoint.SECOND_SPOOL)
# Where `headway completion --help` says to put what it prints.
COMPLETIONS = (
    ".local/share/bash-completion/completions/headway",
    ".config/fish/completions/headway.fish",
)


def uninstall(argv: Sequence[str]) -> int:
    """Run `headway uninstall ARGV…`; return the exit status."""
    parser = make_parser(
        "uninstall",
        "List what Headway has made for you; then ask, stop the broker and the notifier, and"
        " remove all of it. The program itself is pip's, pipx's or uv's to remove.",
        "headway uninstall\nheadway uninstall --yes",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args(argv)
    found = paths(os.environ, os.getuid(), os.path.expanduser("~"))
    if not found:
        sys.stdout.write("there is nothing of Headway here\n")
        return 0
    for path in found:
        sys.stdout.write(f"{path}\n")
    sys.stdout.flush()
    if not arguments.yes:
        if not sys.stdin.isatty():
            return print_error("uninstall", "nothing was removed; --yes removes it", 1)
        sys.stdout.write("Stop Headway and remove all this, with what it has learned? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return print_error("uninstall", "nothing was removed", 1)
    enabled = (autostart.unit_path(os.environ), autostart.entry_path(os.environ))
    if any(path in found for path in enabled):
        autostart.disable(os.environ, print)
    user_units.uninstall(user_units.BROKER, os.environ, print)
    _stop_broker()
    left = [path for path in found if not remove(path)]
    for path in left:
        print_error("uninstall", f"could not be removed: {path}", 1)
    sys.stdout.write("removed; now `pip uninstall headway`, or as it was installed\n")
    return 1 if left else 0


def paths(environ: Mapping[str, str], uid: int, home: str) -> list[str]:
    """Return the files and folders that Headway has made for a user, folders after their files."""
    found: list[str] = []
    for _, directory in endpoint.candidates(environ, uid):
        inside = _existing(directory, (*RUNTIME_FILES, *RUNTIME_FOLDERS))
        found += [*inside, directory] if inside and _is_own(directory, uid) else []
    state = endpoint.state_directory(environ, home)
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


def _stop_broker() -> None:
    """Stop the broker, if one runs, and wait until it has left."""
    command = [sys.executable, "-m", "headway", "broker", "stop"]
    try:
        subprocess.run(  # noqa: S603 - a fixed command
            command, capture_output=True, timeout=STOP_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        pass  # it is stopped itself; its files go all the same
