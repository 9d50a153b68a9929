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
from headway.reporting.reporter import known, on_start
from headway.reporting.thread import EXIT_TIMEOUT, SPOOL_TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.reporting.reporter import Reporter

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


def _after(deliver: Callable[[Reporter], None], leave: Callable[..., Any]) -> Callable[..., Any]:
    def leave_then(*arguments: Any, **named: Any) -> Any:
        reporter = known()
        if reporter is not None and reporter.thread is not None:
            try:
                deliver(reporter)
            except Exception:
                pass
        return leave(*arguments, **named)

    leave_then.__name__ = leave.__name__
    leave_then.__doc__ = leave.__doc__
    return leave_then


def _close_ours(reporter: Reporter) -> None:
    with reporter.lock:
        thread = reporter.thread
    if thread is not None and thread.stop(EXIT_TIMEOUT):
        with reporter.lock:
            reporter.thread = (
                None  # the next report starts another: not now, descriptors are closed
            )
            reporter.tally.rest()


def _end_at_once(reporter: Reporter) -> None:
    # It is how forked children end. Of others nobody knows whether they were done.
    if reporter.forked or propagation.is_of_multiprocessing():
        reporter.end(EXIT_TIMEOUT + 1.0)
    else:
        _deliver_ends(reporter)


def _deliver_ends(reporter: Reporter) -> None:
    """Another program takes the process over, if it can be executed: what is open stays so."""
    until = monotonic() + 0.3
    while reporter.publisher.ended and monotonic() < until:
        reporter.wake()
        sleep(0.002)
    if reporter.publisher.ended:
        from headway.reporting import last_resort  # noqa: PLC0415

        last_resort.spool_ends(reporter)


def end_program() -> None:
    """Deliver what is owed, as at every end of a program; never raises."""
    reporter = known()
    if reporter is not None:
        try:
            reporter.end(EXIT_TIMEOUT + SPOOL_TIMEOUT)
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
    on_start(_deliver_before_leaving)
