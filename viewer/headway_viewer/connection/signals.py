"""Signal handling for a loop: handlers that set flags, and a descriptor that wakes the loop."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType
from typing import Any


class SignalHandlers:
    """While entered, SIGINT, SIGTERM, SIGHUP and SIGTSTP only set `received` or `suspended`.

    The second signal to leave raises `SystemExit`: the loop then hangs in a write to a terminal
    that nobody reads. `wake` becomes readable whenever a signal comes, SIGWINCH too.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.suspended = False
        self.wake = -1
        self._write = -1
        self._previous: list[tuple[int, Any]] = []
        self._previous_wakeup_fd = -1

    def __enter__(self) -> SignalHandlers:  # noqa: PYI034 - Self is not in 3.8
        self.wake, self._write = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self._write, False)
        self._previous_wakeup_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._previous.append((number, signal.signal(number, self._receive)))
        self._previous.append(
            (signal.SIGTSTP, signal.signal(signal.SIGTSTP, self._request_suspend))
        )
        self._previous.append((signal.SIGWINCH, signal.signal(signal.SIGWINCH, _ignore)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, previous in self._previous:
            signal.signal(number, previous)
        signal.set_wakeup_fd(self._previous_wakeup_fd)
        os.close(self.wake)
        os.close(self._write)

    @property
    def exit_status(self) -> int:
        """Return the exit status of a loop that goes on until a signal: 0 after Ctrl+C."""
        number = self.received or signal.SIGINT
        return 0 if number == signal.SIGINT else 128 + number

    def drain(self) -> None:
        """Empty the wake-up descriptor."""
        try:
            os.read(self.wake, 512)
        except BlockingIOError:
            pass

    def suspend(self) -> None:
        """Stop this process as Ctrl+Z does; return when it is continued."""
        self.suspended = False
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._request_suspend)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.received is not None:
            raise SystemExit(128 + number)
        self.received = number

    def _request_suspend(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.suspended = True


def _ignore(number: int, frame: FrameType | None) -> None:
    """Handle a signal that only has to wake the loop."""
    del number, frame
