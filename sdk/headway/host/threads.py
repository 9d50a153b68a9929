"""Start threads that are hidden from the program.

They are not in `threading.enumerate()`, since programs join or count what is in there. So the
interpreter does not wait for them at its end either: whoever starts one must. They block all
signals: a signal is for the program's own threads, and one that those block, to take it by
`sigwait` or later, would end the process if a thread of ours could receive it.
"""

from __future__ import annotations

import _thread
import sys
import time
from time import sleep

from headway.async_exceptions import reraise_async

try:  # `signal` without its enumerations, which take longer to import
    import _signal as signals  # pyright: ignore[reportMissingImports]
except ImportError:  # another implementation of Python
    import signal as signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

# Seconds for which a report waits that is made after the program's end: by a daemon thread, which
# the interpreter is about to stop. Doubled, one with a lock of the program keeps it longer.
LATE = 0.01

_blocked: Any = ()  # the signal mask of the program's thread that started the last one


def possible() -> bool:
    """Return whether threads are real ones (not gevent's), and of the main interpreter."""
    builtin = type(len)
    if type(_thread.start_new_thread) is not builtin or type(time.sleep) is not builtin:
        return False  # patched by gevent or eventlet
    return _is_main_interpreter()


def _is_main_interpreter() -> bool:
    known = getattr(_thread, "_is_main_interpreter", None)
    if known is not None:
        return bool(known())
    interpreters = sys.modules.get("_xxsubinterpreters")  # imported where Python made one …
    if interpreters is None and "mod_wsgi" not in sys.modules:  # … or is a server in C
        return True
    import _xxsubinterpreters  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    return bool(_xxsubinterpreters.get_current() == _xxsubinterpreters.get_main())


def start(run: Callable[[], object]) -> None:
    """Call `run()` in a hidden thread. Raise RuntimeError where none can be started."""
    global _blocked  # noqa: PLW0603 - the mask is the program's
    # A new thread inherits the mask. Each call of `pthread_sigmask` first runs the Python handlers
    # of pending signals, which may raise: hence the reading call, and the `finally`.
    before = signals.pthread_sigmask(signals.SIG_BLOCK, ())
    if len(before) < len(signals.valid_signals()) - 2:  # not when a hidden thread starts another
        _blocked = before
    try:
        signals.pthread_sigmask(signals.SIG_BLOCK, signals.valid_signals())
        _thread.start_new_thread(run, ())
    finally:
        signals.pthread_sigmask(signals.SIG_SETMASK, before)


def unblock_signals() -> None:
    """Restore the program's signal mask in a hidden thread that is to run the program's code."""
    signals.pthread_sigmask(signals.SIG_SETMASK, _blocked)


def can_start(number: int) -> bool:
    """Return whether `number` more threads can be started, by starting them."""
    gate = _thread.allocate_lock()
    begun = [_thread.allocate_lock() for _ in range(number)]
    for lock in (gate, *begun):
        lock.acquire()

    def wait(lock: Any) -> None:
        lock.release()
        with gate:
            pass

    started = []
    try:
        for lock in begun:
            start(lambda mine=lock: wait(mine))
            started.append(lock)
    except RuntimeError as error:
        reraise_async(error)
        # "at interpreter shutdown": it starts no threads any more, however many there could be.
        return "shutdown" in str(error)
    finally:
        gate.release()
        for lock in started:
            lock.acquire()
        sleep(0.001)  # the kernel counts a thread for a moment after it has ended
    return True


class ClosingLock:
    """A lock from the program's end on: all threads are late but the one that ends it and `ours`.

    Daemon threads that go on reporting compute beside the exit, all of it in vain, and take the
    interpreter and the lock from it. `ours` returns the identity of a hidden thread, or None.
    """

    __slots__ = ("_lock", "_ours", "_thread", "acquire", "release")

    def __init__(self, lock: Any, ours: Callable[[], int | None]) -> None:
        self._lock = lock
        self._ours = ours
        self._thread = _thread.get_ident()
        self.acquire = lock.acquire
        self.release = lock.release

    def __enter__(self) -> bool:
        if _thread.get_ident() not in (self._thread, self._ours()) and not self._lock._is_owned():
            sleep(LATE)
        return bool(self._lock.acquire())

    def __exit__(self, *_: object) -> None:
        self._lock.release()
