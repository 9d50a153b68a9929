"""Notices by the terminal that `headway notify` runs in, which may be at the other end of an ssh.

Shell, but for `sequence`. Terminals are known by an allow-list: one that does not know a sequence
prints it. All others ring the bell. In tmux a sequence reaches the terminal only where tmux passes
such on (`set -g allow-passthrough on`).
"""

from __future__ import annotations

import base64
import os
from typing import Mapping

from headway import text
from headway_viewer.display.taskbar_support import passes_on, wrapped_for_tmux
from headway_viewer.notify.notice import Notice

BELL = "\a"
_ST = "\x1b\\"
# What a terminal says of itself in its environment, and its sequence for a notification: 9 has a
# text only, 777 title and text, 99 is kitty's. An ssh hands on TERM and, often, LC_*.
_BY_TERM = (
    ("xterm-kitty", 99),
    ("xterm-ghostty", 777),
    ("foot", 777),
    ("wezterm", 777),
    ("rxvt-unicode", 777),
    ("contour", 777),
)
_BY_PROGRAM = {"iTerm.app": 9, "iTerm2": 9, "WezTerm": 777, "ghostty": 777}


class TerminalChannel:
    """The terminal behind a descriptor."""

    gives_up = True  # it is closed
    kind = "terminal"

    def __init__(self, descriptor: int, environ: Mapping[str, str]) -> None:
        self._descriptor = descriptor
        self._kind = notification_kind(environ)
        self._tmux = bool(environ.get("TMUX"))
        if self._tmux and self._kind is not None and not passes_on():
            self._kind = None

    def deliver(self, notice: Notice) -> None:
        """Write the sequence of a notice. Raise OSError."""
        out = sequence(self._kind, notice.title, notice.body)
        if self._tmux and self._kind is not None:
            out = wrapped_for_tmux(out)
        os.write(self._descriptor, out.encode("utf-8", "replace"))


def notification_kind(environ: Mapping[str, str]) -> int | None:
    """Return the number of the terminal's sequence for notifications, or None: the bell."""
    for name in ("TERM_PROGRAM", "LC_TERMINAL"):
        if environ.get(name, "") in _BY_PROGRAM:
            return _BY_PROGRAM[environ[name]]
    if environ.get("KITTY_WINDOW_ID"):
        return 99
    term = environ.get("TERM", "")
    return next((kind for name, kind in _BY_TERM if term.startswith(name)), None)


def sequence(kind: int | None, title: str, body: str) -> str:
    """Return what to write for a notice."""
    title = text.safe(title, 120)
    body = text.safe(" · ".join(line for line in body.splitlines() if line.strip()), 300)
    if kind == 9:
        # A text that begins with a number and a semicolon would be another command of the terminal.
        return f"\x1b]9;{(title + ': ' + body).lstrip('0123456789;')}{_ST}"
    if kind == 777:
        return f"\x1b]777;notify;{title.replace(';', ',')};{body}{_ST}"
    if kind == 99:
        return "".join(
            f"\x1b]99;i=headway:d={done}:p={part}:e=1;{base64.b64encode(words.encode()).decode()}{_ST}"
            for done, part, words in ((0, "title", title), (1, "body", body))
        )
    return BELL
