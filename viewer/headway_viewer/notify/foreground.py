"""Whether the terminal of an operation is in front of its user: by tmux, and by the X server.

Shell, but for the two functions that read answers. Where nobody can tell (Wayland, another
machine), it is unknown.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from typing import Mapping

from headway.model import Operation
from headway_viewer.notify.notice import Notice

TIMEOUT = 0.5  # seconds for tmux or the X server to answer; one that hangs is asked no more
MAX_WINDOWS = 1000  # operations whose window is remembered
_PANES = "#{pane_tty} #{pane_active} #{window_active} #{session_attached} #{session_id}"
_CLIENTS = "#{session_id} #{client_flags}"
_ACTIVE = re.compile(r"window id # (0x[0-9a-f]+|\d+)")


class Foreground:
    """What stands in front, in the desktop session of `environ`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._host = platform.node() or None
        self._windows: dict[str, int] = {}  # operation → X window of its terminal
        self._tmux = shutil.which("tmux")
        self._xprop = shutil.which("xprop") if environ.get("DISPLAY") else None

    def note(self, operation: Operation) -> None:
        """Note the window of an operation that has begun: its process will have ended later."""
        if self._xprop is None or not operation.open or operation.id in self._windows:
            return
        if operation.host != self._host or not operation.pid or not operation.tty:
            return
        window = _window_of(operation.pid)
        if window is not None:
            self._windows[operation.id] = window
            if len(self._windows) > MAX_WINDOWS:
                del self._windows[next(iter(self._windows))]

    def shows(self, notice: Notice) -> bool | None:
        """Return whether the terminal of a notice is in front; None where that is unknown."""
        if notice.host != self._host or not notice.tty:
            return None
        if self._tmux is not None:
            panes = self._ask(self._tmux, "list-panes", "-a", "-F", _PANES)
            if panes is None:
                self._tmux = None
            else:
                clients = self._ask(self._tmux, "list-clients", "-F", _CLIENTS) or ""
                shown = pane_shown(panes, clients, notice.tty)
                if shown is not None:
                    return shown
        window = self._windows.pop(notice.operation, None)
        if self._xprop is None or window is None:
            return None
        active = self._ask(self._xprop, "-root", "_NET_ACTIVE_WINDOW")
        if active is None:
            self._xprop = None
        found = active_window(active or "")
        return None if found is None else found == window

    def _ask(self, *command: str) -> str | None:
        """Return what a program prints, "" where it fails; None where it does not end."""
        try:
            done = subprocess.run(  # noqa: S603 - fixed commands
                command, capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else ""


def pane_shown(panes: str, clients: str, tty: str) -> bool | None:
    """Return whether the pane of a terminal is shown by tmux; None if no pane has it.

    `panes` and `clients` are what tmux lists. A client whose terminal has lost the focus shows
    nothing, where tmux is told of that (`focus-events on`).
    """
    for line in panes.splitlines():
        name, *flags = line.split()
        if name != tty or len(flags) != 4:
            continue
        active, window_active, attached, session = flags
        if "0" in (active, window_active, attached):
            return False
        return any(
            words[:1] == [session] and "focused" in (words[1] if words[1:] else "").split(",")
            for words in map(str.split, clients.splitlines())
        )
    return None


def active_window(answer: str) -> int | None:
    """Return the active window of what xprop prints, or None."""
    match = _ACTIVE.search(answer)
    return int(match.group(1), 0) or None if match else None


def _window_of(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            variables = file.read().split(b"\0")
    except OSError:
        return None
    found = [value for value in variables if value.startswith(b"WINDOWID=")]
    number = found[0][9:] if found else b""
    return int(number) if number.isdigit() else None
