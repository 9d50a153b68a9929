"""Threads that the program does not meet.

They are in no `threading.enumerate()`, for programs join or count all that is there; nobody
waits for them at the end of the program, so who starts one sees to that; and they block all
signals, which are for the program's own threads: one that those have blocked would end the
process if it could be delivered here.
"""

from __future__ import annotations

import _thread
import sys
import time

try:  # `signal` without its enumerations, which take longer to import
    import _signal as signals  # pyright: ignore[reportMissingImports]
except ImportError:  # another implementation of Python
    import signal as signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_blocked: Any = ()  # signals that the program itself had blocked where it last started one


def possible() -> bool:
    """Whether threads are what they seem: not green ones, and of the main interpreter."""
    builtin = type(len)
    if type(_thread.start_new_thread) is not builtin or type(time.sleep) is not builtin:
        return False  # gevent or eventlet have put theirs in the place
    return _is_main_interpreter()


def _is_main_interpreter() -> bool:
    known = getattr(_thread, "_is_main_interpreter", None)
    if known is not None:
        return bool(known())
    interpreters = sys.modules.get("_xxsubinterpreters")  # who made one has imported it …
    if interpreters is None and "mod_wsgi" not in sys.modules:  # … or is a server in C
        return True
    import _xxsubinterpreters  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    return bool(_xxsubinterpreters.get_current() == _xxsubinterpreters.get_main())


def start(run: Callable[[], object]) -> None:
    """Call `run()` in a thread of this kind. Raises RuntimeError where none is to be had."""
    global _blocked  # noqa: PLW0603 - the mask is the program's
    # Each of these calls runs handlers of signals that have come, and they may raise.
    before = signals.pthread_sigmask(signals.SIG_BLOCK, ())
    if len(before) < len(signals.valid_signals()) - 2:  # else one of these starts another
        _blocked = before
    try:
        signals.pthread_sigmask(signals.SIG_BLOCK, signals.valid_signals())
        _thread.start_new_thread(run, ())
    finally:
        signals.pthread_sigmask(signals.SIG_SETMASK, before)


def unblock_signals() -> None:
    """Take signals as the program's threads do: what runs next is the program's own code."""
    signals.pthread_sigmask(signals.SIG_SETMASK, _blocked)


def can_start(number: int) -> bool:
    """Whether so many more threads are to be had just now: they are tried."""
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
        # Otherwise the interpreter is ending, which says nothing of other threads.
        return "shutdown" in str(error)
    finally:
        gate.release()
        for lock in started:
            lock.acquire()
        time.sleep(0.001)  # the kernel lets them go a moment after that
    return True
