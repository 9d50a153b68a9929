"""What `headway top` takes of a terminal beside the screen, and gives back.

Shell. Textual changes the modes; here is recorded what they were, so that they are given back where
this process is killed, and the viewer process of the terminal is kept from drawing meanwhile.
"""

from __future__ import annotations

import termios
from typing import Any

from headway.host.files.terminal_locks import FRONT, MODES, TerminalLock
from headway.run.streams.mode_recovery import give_back_modes
from headway_viewer.terminal.region_lock import RegionLock
from headway_viewer.terminal.watchdog import Watchdog


class TerminalHold:
    """The terminal behind `descriptor`, which is read and drawn on."""

    def __init__(self, descriptor: int, watchdog: Watchdog) -> None:
        self._descriptor = descriptor
        self._watchdog = watchdog
        self._front = TerminalLock(descriptor, FRONT)
        self._region = RegionLock(descriptor)
        self._modes = TerminalLock(descriptor, MODES)
        if self._modes.acquire():
            give_back_modes(descriptor, self._modes)  # of one that was killed
        self._saved = _modes(descriptor)

    def take(self) -> None:
        """Note that the screen and the modes are taken."""
        self._watchdog.note(hidden=True)
        self._front.acquire()
        self._region.acquire()
        changed = _modes(self._descriptor)
        if self._saved is not None and changed is not None and self._modes.acquire():
            self._modes.record_modes(self._saved, changed)

    def give_back(self) -> None:
        """Note that they are given back."""
        self._watchdog.note(hidden=False)
        self._modes.forget()
        self._modes.release()
        self._region.release()
        self._front.release()


def _modes(descriptor: int) -> list[Any] | None:
    """Return the modes of a terminal, or None where it is gone."""
    try:
        return termios.tcgetattr(descriptor)
    except (OSError, termios.error):
        return None
