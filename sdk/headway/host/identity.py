"""The identity of this process: pid and start time, host, user, terminal; for the `Hello`."""

from __future__ import annotations

import os
import sys

from headway.async_exceptions import reraise_async
from headway.host import notebook
from headway.host.process_status import start_time
from headway.plain_values import clean_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def describe(version: str) -> dict[str, Any]:
    """Return the `about` map of a `Hello`, for an SDK of `version`; what is unknown is None."""
    program = notebook.name()
    if program is None:
        program = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    return {
        "pid": os.getpid(),
        "started": start_time(os.getpid()),
        "pid_namespace": pid_namespace(),
        "boot": _line("/proc/sys/kernel/random/boot_id"),
        "host": clean_text(os.uname().nodename)
        or None,  # `platform` runs a command for it before 3.9
        "uid": os.getuid(),
        "user": _user(),
        "tty": terminal(),
        "program": clean_text(program),  # the bytes of a file name may be no text
        "sdk": version,
        "python": sys.version.split()[0],
    }


def pid_namespace() -> int | None:
    """Return the number of the namespace in which our pid means this process; None if unknown."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError as error:
        reraise_async(error)
        return None


_drawn_on: str | None = None


def draw_on(terminal: str) -> None:
    """Have this process's operations drawn on a terminal that its standard error is not."""
    global _drawn_on  # noqa: PLW0603 - there is one standard error, too
    _drawn_on = clean_text(terminal)


def terminal() -> str | None:
    """Return the name of the terminal that standard error is, or None."""
    if _drawn_on is not None:
        return _drawn_on
    try:
        return clean_text(os.ttyname(2))
    except OSError as error:
        reraise_async(error)
        return None


def home(user: int) -> str:
    """Return the home directory of a user, who under sudo is not the one that we run as."""
    import pwd  # noqa: PLC0415 - not there on Windows

    try:
        return pwd.getpwuid(user).pw_dir
    except KeyError:
        return os.path.expanduser("~")


def _line(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError as error:
        reraise_async(error)
        return None


def _user() -> str | None:
    # Under sudo: the user who typed the command, not root.
    uid = os.getuid()
    if uid == 0 and os.environ.get("SUDO_USER"):
        return clean_text(os.environ["SUDO_USER"])
    try:
        import pwd  # noqa: PLC0415 - not there on Windows

        return clean_text(pwd.getpwuid(uid).pw_name)
    except (ImportError, KeyError):
        return None
