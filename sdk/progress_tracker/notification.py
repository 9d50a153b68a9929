"""Hand a desktop notification over, for a bounded time: a hung daemon must not hold the work."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import warnings

from headway.async_exceptions import reraise_async
from progress_tracker.optional import present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Seconds for the notification daemon to take a notification: one that works takes milliseconds,
# and the work shall not wait for one that hangs.
HANDOVER_TIMEOUT = 0.5
APPLICATION = "Headway"
_hung: Delivery | None = None  # the last one that nobody took in time


class Desktop:
    """plyer's `notification`, without its known faults."""

    def notify(self, title: str, message: str, app_name: str = "", timeout: int = 10) -> None:
        """Raise a notification that stands for `timeout` seconds; raise where none can be."""
        from headway.host import desktop  # noqa: PLC0415 - only for an end

        desktop.Desktop(os.environ).notify(title, message, app_name or APPLICATION, timeout)


class Delivery:
    """One notification on its way; `wait` returns whether it was handed over."""

    def __init__(self, title: str, message: str, timeout: int) -> None:
        self._arguments: dict[str, Any] = {
            "title": title,
            "message": message,
            "app_name": APPLICATION,
            "timeout": timeout,
        }
        self._sender = present("plyer_notification")
        self._sent = False
        self._until = time.monotonic() + HANDOVER_TIMEOUT
        self._thread: threading.Thread | None = None
        if self._sender is not None and not self._hangs():
            self._thread = threading.Thread(
                target=self._send, name="progress-notification", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError as error:  # no more threads, or the interpreter is leaving
                reraise_async(error)
                self._thread = None

    def _hangs(self) -> bool:
        """Return whether the daemon still hangs over an earlier delivery."""
        return (
            _hung is not None
            and _hung._sender is self._sender
            and _hung._thread is not None
            and _hung._thread.is_alive()
        )

    def _send(self) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._sender.notify(**self._arguments)
            self._sent = True
        except Exception as error:  # no daemon, no bus, no backend: the work goes on
            reraise_async(error)

    def wait(self) -> bool:
        """Return whether it was handed over within `HANDOVER_TIMEOUT` of its beginning.

        An event loop is not held up: there the exit of the program waits instead.
        """
        global _hung  # noqa: PLW0603 - its hanging is everybody's
        if self._thread is None:
            return False
        if _in_event_loop():
            atexit.register(self._finish)
            return True  # it is on its way, so nobody else should send it
        self._finish()
        if self._thread.is_alive():
            _hung = self
            return True  # it may yet appear, so nobody else should send it again
        return self._sent

    def _finish(self) -> None:
        """Wait until it was handed over, or is late."""
        atexit.unregister(self._finish)
        if self._thread is not None:
            self._thread.join(max(0.0, self._until - time.monotonic()))


def _in_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None
