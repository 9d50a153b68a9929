"""Units of the user's service manager, systemd: write, enable, start and remove them.

Shell. Every step is said. Absent: what the units are.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Mapping, Sequence

    Say = Callable[[str], None]

BROKER = "headway-broker.service"
NOTIFIER = "headway-notify.service"
TIMEOUT = 20.0  # seconds for systemd to answer
# What decides which broker is meant, and is not in the environment of a login.
KEPT = ("HEADWAY_RUNTIME_DIR", "HEADWAY_STATE_DIR")
_UNWRITABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")  # no tab; bytes of no UTF-8


class Unwritable(ValueError):
    """No file of a service manager can have a command; the text says why."""


def has_manager() -> bool:
    """Return whether a service manager answers for this user."""
    return _systemctl("show-environment") is not None


def headway_command(
    words: Sequence[str], environ: Mapping[str, str], also: Sequence[str] = ()
) -> list[str]:
    """Return what runs `headway WORDS` at a login with the directories that are meant now.

    `also` names more of the environment that is to be kept. Raise `Unwritable`.
    """
    command = [sys.executable, "-m", "headway", *words]
    kept = [f"{name}={environ[name]}" for name in (*KEPT, *also) if environ.get(name)]
    if kept:
        command = ["/usr/bin/env", *kept, *command]
    # The rest of a word with a line break would be lines of the unit.
    if _UNWRITABLE.search("".join(command)):
        raise Unwritable(
            "line breaks and other control characters cannot be kept: a script can have them"
        )
    return command


def install(unit: str, content: str, environ: Mapping[str, str], say: Say) -> bool:
    """Write a unit, enable it and start it; return whether all of that went well."""
    path = unit_path(unit, environ)
    write(path, content)
    say(f"wrote {path}")
    for command in (("daemon-reload",), ("enable", unit), ("restart", unit)):
        if _systemctl(*command) is None:
            say(f"systemctl --user {' '.join(command)} failed; see systemctl --user status {unit}")
            return False
    say("started it; it starts with every login from now on")
    return True


def uninstall(unit: str, environ: Mapping[str, str], say: Say) -> bool:
    """Stop and disable a unit and remove its file; return whether there was one."""
    path = unit_path(unit, environ)
    if not os.path.lexists(path):
        return False
    stopped = _systemctl("disable", "--now", unit) is not None
    if not stopped:
        say("systemd does not answer; what runs of it goes on until you log out")
    remove(path)
    _systemctl("daemon-reload")
    say(f"stopped it, and removed {path}" if stopped else f"removed {path}")
    return True


def unit_path(unit: str, environ: Mapping[str, str]) -> str:
    """Return the path of a unit's file."""
    return os.path.join(config_directory(environ), "systemd", "user", unit)


def config_directory(environ: Mapping[str, str]) -> str:
    """Return the directory of the user's configuration."""
    home = environ.get("HOME") or os.path.expanduser("~")
    return environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")


def exec_line(words: Sequence[str]) -> str:
    """Return a command as `ExecStart=` takes it."""
    return " ".join(map(unit_word, words))


def unit_word(word: str) -> str:
    """Return a word as it is quoted in a unit: systemd expands % and $."""
    doubled = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{doubled}"' if doubled != word or shlex.quote(word) != word else word


def write(path: str, content: str) -> None:
    """Write a file of the user's configuration for the user alone: passwords may be in it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)  # of one that was there already
        file.write(content)


def remove(path: str) -> bool:
    """Remove a file; return whether it was there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _systemctl(*words: str) -> str | None:
    """Return what `systemctl --user` prints, or None where it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            ["systemctl", "--user", *words],  # noqa: S607 - wherever it is
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reraise_async(error)
        return None
    return done.stdout if done.returncode == 0 else None
