"""A thread that passes what is typed at the real terminal on to the command's pty."""

from __future__ import annotations

import os
import select
import termios
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class Keyboard(threading.Thread):
    """Passes keys from descriptor `fd` on to `master` while they are `wanted`.

    `interval` is how many seconds lie between two looks whether they are. `interrupted` is the
    monotonic time at which keys were last passed on of which one `interrupts`.
    """

    def __init__(
        self,
        fd: int,
        master: int,
        wanted: Callable[[], bool],
        interval: float,
        interrupts: Callable[[bytes], bool],
    ) -> None:
        super().__init__(name="headway-keyboard", daemon=True)
        self._fd = fd
        self._master = master
        self._wanted = wanted
        self._interval = interval
        self._interrupts = interrupts
        self._ended, self._end = os.pipe()
        self.interrupted: float | None = None

    def finish(self) -> None:
        """Stop reading: what is typed from now on is for another process."""
        os.close(self._end)
        self.join()

    def run(self) -> None:
        """Pass keys on until `finish`, or until the terminal is gone."""
        try:
            while True:
                watched = [self._ended, self._fd] if self._wanted() else [self._ended]
                ready, _, _ = select.select(watched, [], [], self._interval)
                if self._ended in ready:
                    return
                if self._fd in ready and self._wanted():
                    keys = os.read(self._fd, 1024)
                    if not keys:
                        return
                    if self._interrupts(keys):
                        self.interrupted = time.monotonic()
                    os.write(self._master, keys)
        except (OSError, termios.error):
            return
