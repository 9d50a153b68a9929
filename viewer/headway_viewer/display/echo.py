"""The echo of a terminal, off while it is drawn on, so that keys do not appear in the picture."""

from __future__ import annotations

import os
import termios
from typing import Any


class Echo:
    """The echo of the terminal behind a descriptor; Ctrl+C and Ctrl+Z work while it is off."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._saved: list[Any] | None = None

    def disable(self) -> None:
        """Turn the echo off, if this process is in the terminal's foreground."""
        if self._saved is not None or not has_terminal(self._descriptor):
            return
        try:
            saved = termios.tcgetattr(self._descriptor)
            if not saved[3] & termios.ECHO:
                return
            changed = [*saved[:3], saved[3] & ~termios.ECHO, *saved[4:]]
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, changed)
            self._saved = saved
        except (OSError, termios.error):
            pass

    def restore(self) -> None:
        """Turn the echo on again; what was typed meanwhile is left to the shell."""
        saved, self._saved = self._saved, None
        if saved is None or not has_terminal(self._descriptor):
            return
        try:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, saved)
        except (OSError, termios.error):
            pass


def has_terminal(descriptor: int) -> bool:
    """Return whether this process's group has the terminal; False where that is unknown."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
