"""Whether a terminal understands OSC 9;4, a progress for its tab or the taskbar.

By an allow-list: older versions of kitty and iTerm2 show such a sequence as a notification, each
time. `HEADWAY_TASKBAR` is `off`, or `on` for a terminal that is not known here. Shell: tmux is
asked.
"""

from __future__ import annotations

import re
import subprocess
from typing import Mapping

TMUX_TIMEOUT = 1.0  # seconds for tmux to say whether it passes sequences on
# TERM_PROGRAM → the first version that understands it.
_SINCE = {
    "WezTerm": (2025,),
    "ghostty": (1, 2),
    "iTerm.app": (3, 6, 6),
    "vscode": (1, 97),
    "mintty": (3, 4),
    "contour": (0, 6),
}


def understood(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal of this environment shows a progress."""
    wish = environ.get("HEADWAY_TASKBAR", "").lower()
    if wish in ("off", "0", "no"):
        return False
    if environ.get("TMUX") or environ.get("TERM", "").startswith(("screen", "tmux")):
        return wish == "on" or (bool(environ.get("TMUX")) and _known(environ) and passes_on())
    return wish == "on" or _known(environ)


def _known(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal, or the one around tmux, is on the list."""
    if environ.get("WT_SESSION") or environ.get("ConEmuANSI") == "ON":
        return True
    since = _SINCE.get(environ.get("TERM_PROGRAM", ""))
    if since is not None:
        return _version(environ.get("TERM_PROGRAM_VERSION", "")) >= since
    return (
        _version(environ.get("PTYXIS_VERSION", "")) >= (48,)
        or _version(environ.get("VTE_VERSION", "")) >= (8000,)
        or environ.get("TERM", "") == "xterm-ghostty"
    )


def _version(words: str) -> tuple[int, ...]:
    """Return the numbers of a version: "1.2.0-dev" is (1, 2, 0), "20240203-1" (2024, …)."""
    if re.match(r"20\d{6}", words):
        return (int(words[:4]), int(words[4:6]))
    return tuple(map(int, re.findall(r"\d+", words.partition("-")[0])[:3]))


def for_terminal(out: str, environ: Mapping[str, str]) -> str:
    """Return a sequence so that it reaches the terminal, through tmux where that is between."""
    return wrapped_for_tmux(out) if out and environ.get("TMUX") else out


def wrapped_for_tmux(out: str) -> str:
    """Return what makes tmux pass `out` on to its terminal."""
    return "\x1bPtmux;" + out.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def passes_on() -> bool:
    """Return whether the tmux around this process passes sequences on."""
    try:
        asked = subprocess.run(
            ["tmux", "show-options", "-Apv", "allow-passthrough"],  # noqa: S607 - as the user has it
            capture_output=True,
            text=True,
            timeout=TMUX_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.stdout.strip() in ("on", "all")
