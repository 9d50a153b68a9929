"""Keys that are typed while a picture stands on the terminal: not echoed into it."""

from __future__ import annotations

import os
import termios
from typing import Any


class Keyboard:
    """The echo of a terminal, turned off while it is drawn on; Ctrl+C and Ctrl+Z still work."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._before: list[Any] | None = None

    def hush(self) -> None:
        """Turn the echo off, if this process has the terminal."""
        if self._before is not None or not self._ours():
            return
        try:
            before = termios.tcgetattr(self._descriptor)
            if not before[3] & termios.ECHO:
                return
            hushed = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, hushed)
            self._before = before
        except (OSError, termios.error):
            pass

    def restore(self) -> None:
        """Turn it on again; what was typed meanwhile was for nobody, and nobody gets it."""
        before, self._before = self._before, None
        if before is None or not self._ours():
            return
        try:
            termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, before)
        except (OSError, termios.error):
            pass

    def _ours(self) -> bool:
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return False
