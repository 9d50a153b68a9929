"""Start `headway notify` with every login: a systemd user unit, else an autostart entry.

Shell.
"""

from __future__ import annotations

import os
import shlex
from typing import Callable, Mapping, Sequence

from headway.host.launch import user_units

ENTRY = "headway-notify.desktop"
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
Say = Callable[[str], None]


def enable(
    options: Sequence[str], environ: Mapping[str, str], say: Say, also: Sequence[str] = ()
) -> int:
    """Have `headway notify OPTIONS` started with every login; return the exit status.

    `also` names more of the environment that it needs.
    """
    try:
        words = user_units.headway_command(["notify", *options], environ, also)
    except user_units.Unwritable as error:
        say(str(error))
        return 1
    path = entry_path(environ)
    if user_units.has_manager():
        unit = _UNIT.format(command=user_units.exec_line(words))
        if not user_units.install(user_units.NOTIFIER, unit, environ, say):
            return 1
        user_units.remove(path)
    else:
        user_units.write(path, _ENTRY.format(command=" ".join(map(entry_word, words))))
        say(f"wrote {path}")
        say("it starts with your next desktop session; `headway notify &` starts it now")
    say("`headway notify --disable` undoes this")
    return 0


def disable(environ: Mapping[str, str], say: Say) -> int:
    """Undo `enable`; return the exit status."""
    stopped = user_units.uninstall(user_units.NOTIFIER, environ, say)
    entry = entry_path(environ)
    removed = user_units.remove(entry)
    if removed:
        say(f"removed {entry}")
    if not stopped and not removed:
        say("it was not enabled")
    return 0


def unit_path(environ: Mapping[str, str]) -> str:
    """Return the path of the systemd user unit."""
    return user_units.unit_path(user_units.NOTIFIER, environ)


def entry_path(environ: Mapping[str, str]) -> str:
    """Return the path of the autostart entry."""
    return os.path.join(user_units.config_directory(environ), "autostart", ENTRY)


def entry_word(word: str) -> str:
    """Return a word as it is quoted in a desktop entry, whose values are unescaped once more."""
    if shlex.quote(word) == word and "%" not in word:
        return word
    quoted = "".join("\\" + char if char in '"`$\\' else char for char in word)
    return '"' + quoted.replace("\\", "\\\\").replace("%", "%%") + '"'
