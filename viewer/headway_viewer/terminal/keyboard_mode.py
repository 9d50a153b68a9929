"""The input modes of a terminal that is drawn on: no echo, and single keys where they are read.

Shell. The modes are changed through the role of the terminal that one process has at a time
(`headway.host.files.terminal_locks`), so that they are given back where this process is killed.
Signals and the processing of output stay as they are.
"""

from __future__ import annotations

import termios

from headway.host.files.terminal_locks import MODES, TerminalLock
from headway.run.streams.mode_recovery import give_back_modes
from headway_viewer.display.echo import has_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.terminal_mode import Attributes

_LFLAG, _CC = 3, 6


class KeyboardMode:
    """The input modes of the terminal behind `descriptor`; `taken` while they are ours."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = TerminalLock(descriptor, MODES)
        self._changed: Attributes | None = None
        self._saved: Attributes | None = None

    @property
    def taken(self) -> bool:
        """Return whether the terminal gives single keys, to this process."""
        return self._saved is not None and has_terminal(self._descriptor)

    def take(self) -> None:
        """Take single keys without echo, if this process is in the terminal's foreground.

        Nothing is done while a command has the modes, or another program reads single keys.
        """
        if (
            self._saved is not None
            or not has_terminal(self._descriptor)
            or not self._lock.acquire()
        ):
            return
        try:
            give_back_modes(self._descriptor, self._lock)
            saved = termios.tcgetattr(self._descriptor)
            if not saved[_LFLAG] & termios.ICANON:
                self._lock.release()
                return
            control = list(saved[_CC])
            control[termios.VMIN], control[termios.VTIME] = 1, 0
            flags = saved[_LFLAG] & ~(termios.ICANON | termios.ECHO)
            changed = [*saved[:_LFLAG], flags, *saved[_LFLAG + 1 : _CC], control]
            self._lock.record_modes(saved, changed)
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, changed)
            self._saved, self._changed = saved, termios.tcgetattr(self._descriptor)
            self._lock.record_modes(saved, self._changed)
        except (OSError, termios.error):
            self._lock.release()

    def give_back(self) -> None:
        """Give the modes back; what was typed and not read is the shell's."""
        saved, self._saved = self._saved, None
        if saved is None:
            return
        try:
            if (
                has_terminal(self._descriptor)
                and termios.tcgetattr(self._descriptor) == self._changed
            ):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, saved)
        except (OSError, termios.error):
            pass  # the terminal is gone
        self._lock.forget()
        self._lock.release()
