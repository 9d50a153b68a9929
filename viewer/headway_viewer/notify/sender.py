"""Sends notices on a thread of its own, so that a desktop that hangs holds nobody."""

from __future__ import annotations

import queue
import threading
import time
from typing import Callable

from headway_viewer.notify.policy import Notice

ROOM = 20  # notices that wait; more are dropped and counted
STRIKES = 3  # failures in a row after which it gives up
STUCK = 30.0  # seconds after which a notice that is being sent counts as stuck

Raise = Callable[[str, str], None]


class Sender:
    """Hands notices to `raise_notice(title, body)`, which may block and may fail.

    `broken` says why it gave up, or None; `stuck` whether the desktop hangs just now.
    """

    def __init__(
        self,
        raise_notice: Raise,
        *,
        sent: Callable[[Notice], None] = lambda _notice: None,
        failed: Callable[[Notice, str], None] = lambda _notice, _why: None,
    ) -> None:
        self.broken: str | None = None
        self.dropped = 0
        self.strikes = 0
        self._raise = raise_notice
        self._sent = sent
        self._failed = failed
        self._busy: float | None = None
        self._waiting: queue.Queue[Notice] = queue.Queue(ROOM)
        threading.Thread(target=self._run, name="headway-notify", daemon=True).start()

    @property
    def stuck(self) -> bool:
        """Whether what is being sent has been so for too long."""
        busy = self._busy
        return busy is not None and time.monotonic() - busy > STUCK

    @property
    def busy(self) -> bool:
        """Whether anything is being sent or waits for that."""
        return self._busy is not None or not self._waiting.empty()

    def offer(self, notice: Notice) -> bool:
        """Send it in a moment; False where it was dropped."""
        if self.broken is None and not self.stuck:
            try:
                self._waiting.put_nowait(notice)
            except queue.Full:
                pass
            else:
                return True
        self.dropped += 1
        return False

    def _run(self) -> None:
        while self.strikes < STRIKES:
            notice = self._waiting.get()
            self._busy = time.monotonic()
            try:
                self._raise(notice.title, notice.body)
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
                self.strikes += 1
                if self.strikes >= STRIKES:
                    self.broken = why
                self._failed(notice, why)
            else:
                self.strikes = 0
                self._sent(notice)
            finally:
                self._busy = None
