"""Start `headway notify` with every login: a systemd user unit, else an autostart entry.

Shell.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import Callable, Mapping, Sequence

UNIT = "headway-notify.service"
ENTRY = "headway-notify.desktop"
TIMEOUT = 20.0  # seconds for systemd to answer
_UNIT = """\
[Unit]
Description=Tell when operations end or need an answer (headway notify)
Documentation=man:headway-notify(1)

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=30

[Install]
WantedBy=default.target
"""
_ENTRY = """\
[Desktop Entry]
Type=Application
Name=Headway notifications
Comment=Tell when operations end or need an answer
Exec={command}
NoDisplay=true
X-GNOME-Autostart-enabled=true
"""
# What decides which broker is meant, and is not in the environment of a login.
_KEPT = ("HEADWAY_RUNTIME_DIR", "HEADWAY_STATE_DIR")

Say = Callable[[str], None]


def enable(options: Sequence[str], environ: Mapping[str, str], say: Say) -> int:
    """Have `headway notify OPTIONS` started with every login; return the exit status."""
    words = [sys.executable, "-m", "headway", "notify", *options]
    kept = [f"{name}={environ[name]}" for name in _KEPT if environ.get(name)]
    if kept:
        words = ["/usr/bin/env", *kept, *words]
    if _systemd("show-environment") is not None:
        path = unit_path(environ)
        _write(path, _UNIT.format(command=" ".join(map(unit_word, words))))
        say(f"wrote {path}")
        for command in (("daemon-reload",), ("enable", UNIT), ("restart", UNIT)):
            if _systemd(*command) is None:
                say(f"systemctl --user {' '.join(command)} failed; see systemctl --user status")
                return 1
        say("started it; it starts with every login from now on")
        _remove(entry_path(environ))
    else:
        path = entry_path(environ)
        _write(path, _ENTRY.format(command=" ".join(map(entry_word, words))))
        say(f"wrote {path}")
        say("it starts with your next desktop session; `headway notify &` starts it now")
    say("`headway notify --disable` undoes this")
    return 0


def disable(environ: Mapping[str, str], say: Say) -> int:
    """Undo `enable`; return the exit status."""
    unit, entry = unit_path(environ), entry_path(environ)
    if not os.path.exists(unit) and not os.path.exists(entry):
        say("it was not enabled")
        return 0
    if os.path.exists(unit):
        if _systemd("disable", "--now", UNIT) is None:
            say("systemd does not answer; a notifier that runs goes on until you log out")
        _remove(unit)
        _systemd("daemon-reload")
        say(f"stopped it, and removed {unit}")
    if _remove(entry):
        say(f"removed {entry}")
    return 0


def unit_path(environ: Mapping[str, str]) -> str:
    """Return the path of the systemd user unit."""
    return os.path.join(_config(environ), "systemd", "user", UNIT)


def entry_path(environ: Mapping[str, str]) -> str:
    """Return the path of the autostart entry."""
    return os.path.join(_config(environ), "autostart", ENTRY)


def unit_word(word: str) -> str:
    """Return a word as it is quoted in a unit: systemd expands % and $."""
    doubled = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{doubled}"' if doubled != word or shlex.quote(word) != word else word


def entry_word(word: str) -> str:
    """Return a word as it is quoted in a desktop entry, whose values are unescaped once more."""
    if shlex.quote(word) == word and "%" not in word:
        return word
    quoted = "".join("\\" + char if char in '"`$\\' else char for char in word)
    return '"' + quoted.replace("\\", "\\\\").replace("%", "%%") + '"'


def _config(environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    return environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")


def _systemd(*words: str) -> str | None:
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
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _write(path: str, content: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(content)


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True
