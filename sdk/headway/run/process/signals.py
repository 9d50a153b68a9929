"""Waiting for signals, and telling a terminal's from a person's.

A key at the terminal reaches the command by itself when the command shares our process
group; what somebody sends to this process alone has to be passed on. Linux tells who sent a
signal to whoever waits for it; elsewhere one that a key can make is taken for a key's while
we are in the foreground.
"""

from __future__ import annotations

import os
import select
from collections import deque

from headway.host.threads import signals as signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:
    from headway.light_typing import NamedTuple

PASSED_ON = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_OTHERS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH, signal.SIGCHLD)
_KEYS = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP})
_KERNEL = 128  # si_code of what the kernel itself sends


class Heard(NamedTuple):
    """A signal that came; `keyed` tells that a key at the terminal made it."""

    number: int
    keyed: bool


class Signals:
    """Takes the signals of this process from `start` on; those ignored before stay ignored."""

    def __init__(self) -> None:
        self._noted: deque[int] = deque()
        self._watched: set[int] = set()
        self._waits = hasattr(signal, "sigtimedwait")
        self._woken: int | None = None  # the end of a pipe where a signal comes out
        self._mask: set[int] | None = None  # before, once something is blocked
        self.ignored: tuple[int, ...] = ()  # before, and by the command still

    def keep_statuses(self) -> None:
        """Have the kernel keep the status of a child that ends, before there is one.

        Whoever started us with SIGCHLD ignored would else have it thrown away.
        """
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.ignored = (signal.SIGCHLD,)

    def start(self) -> None:
        """Take the signals; called by the main thread before any other thread is there."""
        for number in PASSED_ON + _OTHERS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                # The handler hears what another thread lets through.
                signal.signal(number, self._note)
                self._watched.add(number)
        if self._waits:
            self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, self._watched))
        else:
            self._woken, wake = os.pipe()
            for end in (self._woken, wake):
                os.set_blocking(end, False)
            signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def give_back(self) -> None:
        """Let signals do what they would have done without us, those that have come included."""
        for number in self._watched:
            signal.signal(number, signal.SIG_DFL)
        for number in self.ignored:
            signal.signal(number, signal.SIG_IGN)
        while self._noted:
            os.kill(os.getpid(), self._noted.popleft())
        if self._mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def wait(self, seconds: float) -> Heard | None:
        """Wait for the next signal, or return None when there was none for so long."""
        if self._noted:
            return self._guess(self._noted.popleft())
        if self._waits:
            found: Any = signal.sigtimedwait(self._watched, seconds)
            if found is not None:
                return Heard(found.si_signo, found.si_code == _KERNEL)
        elif self._woken is not None:
            select.select([self._woken], [], [], seconds)
            try:
                os.read(self._woken, 4096)
            except OSError:
                pass
        return self._guess(self._noted.popleft()) if self._noted else None

    def stop(self, *, group: bool) -> None:
        """Stop until somebody lets us go on; with `group` our whole process group stops.

        Where nobody could, because no shell watches over us, nothing stops.
        """
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        if group:
            os.killpg(os.getpgrp(), signal.SIGTSTP)
        else:
            os.kill(os.getpid(), signal.SIGTSTP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
        if self._waits:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})
        signal.signal(signal.SIGTSTP, self._note)

    def die(self, number: int) -> None:
        """Die of `number`, as the command did, without a core file of our own."""
        try:
            import resource  # noqa: PLC0415 - only a death needs it

            most = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (0, most))
        except (ImportError, OSError):
            pass  # such as without descriptors
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)

    def _note(self, number: int, frame: object) -> None:
        self._noted.append(number)

    @staticmethod
    def _guess(number: int) -> Heard:
        return Heard(number, number in _KEYS and _in_foreground())


def _in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
