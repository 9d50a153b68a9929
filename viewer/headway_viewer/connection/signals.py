"""Signals as facts that a loop looks at, and a descriptor that wakes it when one comes."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType
from typing import Any


class SignalHandlers:
    """While it is entered, SIGINT, SIGTERM, SIGHUP and SIGTSTP only set `received`.

    The second one that asks to leave raises `SystemExit`: the loop is stuck then, on a terminal
    that nobody reads.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.suspended = False
        self.wake = -1
        self._write = -1
        self._before: list[tuple[int, Any]] = []
        self._wakeup = -1

    def __enter__(self) -> SignalHandlers:  # noqa: PYI034 - Self is not in 3.8
        self.wake, self._write = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self._write, False)
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before.append((number, signal.signal(number, self._leave)))
        self._before.append((signal.SIGTSTP, signal.signal(signal.SIGTSTP, self._suspend)))
        self._before.append((signal.SIGWINCH, signal.signal(signal.SIGWINCH, _pass)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before:
            signal.signal(number, before)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self.wake)
        os.close(self._write)

    def drain(self) -> None:
        """Take the wake-up calls off the descriptor."""
        try:
            os.read(self.wake, 512)
        except BlockingIOError:
            pass

    def suspend(self) -> None:
        """Stop this process as Ctrl+Z does; returns when it is continued."""
        self.suspended = False
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._suspend)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.received is not None:
            raise SystemExit(128 + number)
        self.received = number

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.suspended = True


def _pass(number: int, frame: FrameType | None) -> None:
    """A signal that only has to wake the loop."""
    del number, frame
