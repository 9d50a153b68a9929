"""A thread that relays what is typed at the real terminal to the command's pty."""

from __future__ import annotations

import os
import select
import termios
import threading
import time

from headway.host.threads import signals as signal
from headway.run.streams.terminal import Terminal

# The keys that signal a foreground group, and their signals.
_SIGNAL_KEYS = ((termios.VINTR, signal.SIGINT), (termios.VQUIT, signal.SIGQUIT))

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

# Seconds between two looks while another process group has the terminal. Nothing announces
# that we are in the foreground again; a person who types `fg` does not notice this long.
_BACKGROUND_INTERVAL = 0.25


class Keyboard(threading.Thread):
    """Relays keys from descriptor `fd` while the terminal is relayed.

    `interrupted` is the monotonic time at which an interrupt or quit key was last typed.
    `signal_others` sends a signal to the other processes of our process group.
    """

    def __init__(self, fd: int, terminal: Terminal, signal_others: Callable[[int], object]) -> None:
        super().__init__(name="headway-keyboard", daemon=True)
        self._fd = fd
        self._terminal = terminal
        self._signal_others = signal_others
        self._ended, self._end = os.pipe()
        self.interrupted: float | None = None

    def finish(self) -> None:
        """Stop reading: what is typed from now on is for another process."""
        os.close(self._end)
        self.join()

    def run(self) -> None:
        """Relay keys until `finish`, or until the terminal is gone."""
        try:
            while True:
                mine = self._terminal.relayed and self._terminal.foreground
                watched = [self._ended, self._fd] if mine else [self._ended]
                ready, _, _ = select.select(watched, [], [], _BACKGROUND_INTERVAL)
                if self._ended in ready:
                    return
                if self._fd in ready and self._terminal.relayed:
                    keys = os.read(self._fd, 1024)
                    if not keys:
                        return
                    self._signal_group(keys)
                    os.write(self._terminal.master, keys)
        except (OSError, termios.error):
            return

    def _signal_group(self, keys: bytes) -> None:
        """Send what an interrupt or quit key means to the others of our process group.

        The terminal is raw, so that the kernel signals nobody: make, xargs or a script around us,
        and each `headway run` beside us, would go on. First they, as they look at how we end.
        """
        for key, number in _SIGNAL_KEYS:
            character = self._terminal.control(key)
            if character and character in keys:
                self.interrupted = time.monotonic()
                self._signal_others(number)
