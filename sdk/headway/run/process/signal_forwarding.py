"""Receive the signals to forward to the command, and tell a terminal's from a process's.

A key at the terminal reaches the command by itself while the command shares our process
group; a signal that was sent to this process alone has to be forwarded. Linux tells the
sender to whoever waits for a signal; elsewhere a signal that a key can make is taken for a
key's while we are in the foreground.
"""

from __future__ import annotations

import _thread
import os

from headway.host import threads
from headway.host.threads import signals as signal
from headway.run.light_collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NamedTuple
else:
    from headway.light_typing import NamedTuple

FORWARDED = tuple(
    getattr(signal, name)
    for name in (
        "SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2",
        "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR", "SIGSTKFLT", "SIGURG",
    )
    if hasattr(signal, name)
)  # fmt: skip
_OTHERS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH, signal.SIGCHLD)
_KEYS = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP})
_URGENT = getattr(signal, "SIGURG", None)  # does nothing by default
_kill = os.kill  # before reporting wraps it, which imports
_KERNEL = 128  # si_code of what the kernel itself sends


class ReceivedSignal(NamedTuple):
    """A signal that came; `from_terminal` tells that a key at the terminal made it."""

    number: int
    from_terminal: bool
    passed_on: bool = False  # to the command, or it has reached that by itself


class SignalReceiver:
    """Takes this process's signals from `start` on.

    Those that it was started with ignored (a script's shell ignores SIGINT and SIGQUIT for what
    it starts in the background) are forwarded, too: the command inherits that they are ignored,
    but may have begun to listen.
    """

    def __init__(self) -> None:
        self._recorded: deque[int] = deque()
        self._relayed: deque[ReceivedSignal] = deque()  # what came between two waits
        self._pass_on: Callable[[ReceivedSignal], bool] | None = None  # between two waits
        self._relaying = _thread.allocate_lock()  # held while a thread does so
        self._watched: set[int] = set()
        self._has_sigtimedwait = hasattr(signal, "sigtimedwait")
        self._woken: int | None = None  # the end of a pipe where a signal comes out
        self._mask: set[int] | None = None  # before, once something is blocked
        self.ignored: tuple[int, ...] = ()  # before, and by the command still

    def prepare(self) -> None:
        """Note what is ignored, and have the kernel keep the exit status of a child.

        A parent that had SIGCHLD ignored would have passed that on, and statuses would be lost.
        """
        self.ignored = tuple(
            number
            for number in (*FORWARDED, signal.SIGCHLD)
            if signal.getsignal(number) is signal.SIG_IGN
        )
        if signal.SIGCHLD in self.ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def ends_us(self, number: int) -> bool:
        """Return whether a signal would end this process if it did nothing about it."""
        return number in FORWARDED and number not in self.ignored and number != _URGENT

    @property
    def can_hold(self) -> bool:
        """Return whether signals can be held back until `start`."""
        return self._has_sigtimedwait

    def hold(self) -> set[int]:
        """Hold the signals back until `start`; return the signal mask from before."""
        self._watched = {
            number
            for number in FORWARDED + _OTHERS
            if number in FORWARDED or signal.getsignal(number) is not signal.SIG_IGN
        }
        if self._mask is None and self._has_sigtimedwait:
            self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, self._watched))
        return self._mask or set()

    def start(self) -> None:
        """Take the signals; to be called by the main thread before any other thread exists."""
        self.hold()
        for number in self._watched:
            # The handler receives what another thread does not block.
            signal.signal(number, self._record)
        if not self._has_sigtimedwait:
            self._woken, wake = os.pipe()
            for end in (self._woken, wake):
                os.set_blocking(end, False)
            signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def restore(self) -> None:
        """Restore the handlers from before, and deliver the signals that have come."""
        for number in self._watched:
            signal.signal(number, signal.SIG_DFL)
        for number in self.ignored:
            signal.signal(number, signal.SIG_IGN)
        while self._recorded:
            os.kill(os.getpid(), self._recorded.popleft())
        if self._mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def relay(self, pass_on: Callable[[ReceivedSignal], bool]) -> None:
        """Call `pass_on` for each signal as it comes, until the next `wait`, which returns it.

        It returns whether it has passed the signal on. A thread does so: the main thread may be
        importing for long. Where none can be had, they are left to the next `wait`.
        """
        if self._pass_on is not None:
            return
        self._pass_on = pass_on
        if self._has_sigtimedwait and self._relaying.acquire(False):
            try:
                threads.start(self._relay)
            except RuntimeError:
                self._relaying.release()

    def _relay(self) -> None:
        try:
            while self._pass_on is not None:
                found: Any = signal.sigtimedwait(self._watched, 3600)
                if found is None or (self._pass_on is None and found.si_pid == os.getpid()):
                    continue  # such as what `_end_relay` has sent
                heard = ReceivedSignal(found.si_signo, found.si_code == _KERNEL)
                self._relayed.append(_passed(heard, self._pass_on))
        finally:
            self._relaying.release()

    def _end_relay(self) -> None:
        """Let the main thread take what comes from now on."""
        self._pass_on = None
        if self._relaying.locked():
            _kill(os.getpid(), signal.SIGCHLD)  # wakes the thread
            self._relaying.acquire()
            self._relaying.release()

    def wait(self, seconds: float) -> ReceivedSignal | None:
        """Return the next signal, or None if none comes within `seconds`."""
        if self._pass_on is not None:
            self._end_relay()
        if self._relayed:
            return self._relayed.popleft()
        if self._recorded:
            return self._classify(self._recorded.popleft())
        if self._has_sigtimedwait:
            found: Any = signal.sigtimedwait(self._watched, seconds)
            if found is not None:
                return ReceivedSignal(found.si_signo, found.si_code == _KERNEL)
        elif self._woken is not None:
            import select  # noqa: PLC0415 - only there

            select.select([self._woken], [], [], seconds)
            try:
                os.read(self._woken, 4096)
            except OSError:
                pass
        return self._classify(self._recorded.popleft()) if self._recorded else None

    def stop(self, *, group: bool) -> None:
        """Stop until another process continues us; with `group` stop our whole process group.

        Where no shell watches over us, so that nobody could continue it, nothing stops.
        """
        self._end_relay()  # else its thread takes the signal, and we go on
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        if group:
            os.killpg(os.getpgrp(), signal.SIGTSTP)
        else:
            os.kill(os.getpid(), signal.SIGTSTP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
        if self._has_sigtimedwait:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})
        signal.signal(signal.SIGTSTP, self._record)

    def die(self, number: int) -> None:
        """Die of signal `number`, as the command did, without a core file of our own."""
        self._end_relay()
        try:
            import resource  # noqa: PLC0415 - only a death by a signal needs it

            most = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (0, most))
        except (ImportError, OSError):
            pass  # such as without descriptors
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)

    def _record(self, number: int, frame: object) -> None:
        if self._pass_on is None:
            self._recorded.append(number)
        else:
            self._relayed.append(_passed(self._classify(number), self._pass_on))

    @staticmethod
    def _classify(number: int) -> ReceivedSignal:
        return ReceivedSignal(number, number in _KEYS and in_foreground())


def _passed(
    heard: ReceivedSignal, pass_on: Callable[[ReceivedSignal], bool] | None
) -> ReceivedSignal:
    """Pass on a signal, if it is to be; return it with what became of it."""
    try:
        return heard._replace(passed_on=pass_on is not None and pass_on(heard))
    except Exception:
        return heard  # who waits for it tries again


def in_foreground() -> bool:
    """Return whether our process group has the terminal: its keys signal all of the group."""
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
