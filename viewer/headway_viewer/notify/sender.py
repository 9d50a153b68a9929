"""Deliver notices to a channel, on a thread of its own, because a channel can hang."""

from __future__ import annotations

import queue
import threading
import time
from typing import Callable, Protocol

from headway.host.desktop import Impossible
from headway_viewer.notify.notice import Notice

QUEUE_SIZE = 20  # notices; more are dropped and counted
MAX_FAILURES = 3  # in a row, after which a channel that gives up is not tried again
RETRY_AFTER = 2.0  # seconds, once, after a failure that follows a success: what failed may be back
STUCK_AFTER = 30.0  # seconds that one delivery may take


class Channel(Protocol):
    """A way to tell a notice. `gives_up`: where it fails in a row, it will go on failing.

    Of several of the same `kind`, in whichever process, one tells a notice.
    """

    gives_up: bool
    kind: str

    def deliver(self, notice: Notice) -> None:
        """Tell a notice; may block and may raise."""
        ...


class Sender:
    """Passes notices to a channel, until that raises `Impossible`.

    What it fails to tell it is given once more, unless the one before it has failed, too: then
    `failed` is called. `broken` is why the sender gave up, or None. `sent` and `failed` are called
    on its thread.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        sent: Callable[[Notice], None] = lambda _notice: None,
        failed: Callable[[Notice, str], None] = lambda _notice, _why: None,
    ) -> None:
        self.broken: str | None = None
        self.dropped = 0
        self.failures = 0
        self.kind = channel.kind
        self._channel = channel
        self._sent = sent
        self._failed = failed
        self._busy: float | None = None
        self._waiting: queue.Queue[Notice] = queue.Queue(QUEUE_SIZE)
        threading.Thread(target=self._run, name="headway-notify", daemon=True).start()

    @property
    def stuck(self) -> bool:
        """Return whether the current delivery takes longer than `STUCK_AFTER` seconds."""
        busy = self._busy
        return busy is not None and time.monotonic() - busy > STUCK_AFTER

    @property
    def busy(self) -> bool:
        """Return whether a delivery is going on or queued."""
        return self._busy is not None or not self._waiting.empty()

    def offer(self, notice: Notice) -> bool:
        """Queue a notice; return False if it was dropped."""
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
        while self.broken is None:
            notice = self._waiting.get()
            self._busy = time.monotonic()
            try:
                why = self._deliver(notice)
                if why is not None and self.broken is None and self.failures == 1:
                    time.sleep(RETRY_AFTER)
                    self._busy = time.monotonic()
                    why = self._deliver(notice, again=True)
                if why is None:
                    self.failures = 0
                    self._sent(notice)
                else:
                    self._failed(notice, why)
            finally:
                self._busy = None

    def _deliver(self, notice: Notice, *, again: bool = False) -> str | None:
        """Give a notice to the channel; return why it has failed, or None."""
        try:
            self._channel.deliver(notice)
        except Exception as error:
            # An OSError of a channel is words for a person.
            plain = type(error) in (OSError, Impossible)
            why = str(error) if plain else f"{type(error).__name__}: {error}"
            self.failures += not again
            lasting = self.failures >= MAX_FAILURES and self._channel.gives_up
            if lasting or isinstance(error, Impossible):
                self.broken = why
            return why
        return None
