"""The ways a program ends, and what is waited for then: what it owes, a second at most.

That is after its own threads and the exit handlers that it has registered since it imported
us; and before `os._exit`, which runs no handlers, and `os.exec…`, by which another program
takes the process over.
"""

from __future__ import annotations

import atexit
import os
import sys
from time import monotonic, sleep

from headway.host import propagation
from headway.reporting.reporter import at_first, known
from headway.reporting.thread import FAREWELL, WRITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.reporting.reporter import Home

_leaving = False  # the ways to leave wait for us


def _deliver_before_leaving() -> None:
    """Let `os._exit` and `os.exec…` wait for what was reported: no hook runs there.

    The first is the usual end of a forked child, too. Who closes many descriptors at once, as
    daemons do, closes libzmq's among them, which aborts the process for it: they are closed
    before. Only processes that have reported are changed in this way.
    """
    global _leaving  # noqa: PLW0603
    if not _leaving:
        _leaving = True
        os._exit = _after(_end_at_once, os._exit)
        os.execv = _after(_deliver_ends, os.execv)
        os.execve = _after(_deliver_ends, os.execve)
        os.closerange = _after(_close_ours, os.closerange)


def _after(deliver: Callable[[Home], None], leave: Callable[..., Any]) -> Callable[..., Any]:
    def leave_then(*arguments: Any, **named: Any) -> Any:
        home = known()
        if home is not None and home.link is not None:
            try:
                deliver(home)
            except Exception:
                pass
        return leave(*arguments, **named)

    leave_then.__name__ = leave.__name__
    leave_then.__doc__ = leave.__doc__
    return leave_then


def _close_ours(home: Home) -> None:
    with home.lock:
        link = home.link
    if link is not None and link.make_way(FAREWELL):
        with home.lock:
            home.link = None  # the next report starts another: not now, descriptors are closed
            home.tally.rest()


def _end_at_once(home: Home) -> None:
    # It is how forked children end. Of others nobody knows whether they were done.
    if home.forked or propagation.is_of_multiprocessing():
        home.end(FAREWELL + 1.0)
    else:
        _deliver_ends(home)


def _deliver_ends(home: Home) -> None:
    """Another program takes the process over, if it can be executed: what is open stays so."""
    until = monotonic() + 0.3
    while home.publisher.ended and monotonic() < until:
        home.wake()
        sleep(0.002)
    if home.publisher.ended:
        from headway.reporting import last_resort  # noqa: PLC0415

        last_resort.leave_ends(home)


def end_program() -> None:
    """Deliver what is owed, as at every end of a program; never raises."""
    home = known()
    if home is not None:
        try:
            home.end(FAREWELL + WRITING)
        except (Exception, KeyboardInterrupt):
            pass
        _restore_interrupt()


def _restore_interrupt() -> None:
    """Let a program that a Ctrl+C has ended still die of it, as a shell expects.

    The interpreter keeps a flag for that, which running source text clears; imports do so
    here and there, and ours came after the main thread's end.
    """
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        try:
            exec("raise KeyboardInterrupt")  # noqa: S102 - what sets the flag again
        except KeyboardInterrupt:
            pass


def register() -> None:
    """Have what is owed delivered at the end of the program, and before what ends it at once."""
    atexit.register(end_program)
    at_first(_deliver_before_leaving)
