"""Interruptions of a worker (Ctrl+C, `Cancelled`) that the code of its pool catches.

The interpreter does not end by them, so nothing else tells how the worker's loops were left:
`concurrent.futures` sends the exception to the parent as the task's result, `multiprocessing`
prints it and ends the process with status 1. Both do so while they handle it, which is when it is
seen: at the call that sends, and at the one that prints.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from headway.async_exceptions import reraise_async
from headway.errors import Cancelled
from headway.host import propagation
from headway.reporting import exit_status, loop_exits
from headway.reporting.reporter import known
from headway.states import CANCELLED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.reporting.reporter import Reporter
    from headway.reporting.tally import Left

FILES_LIMIT = 4  # of the code around a call that sends: the connection's, queue's, pool's


def watch() -> None:
    """Wrap what a process of `multiprocessing` prints the exception by that ends it."""
    if propagation.is_of_multiprocessing():
        import traceback  # noqa: PLC0415 - pools have it already

        if not hasattr(traceback.print_exc, "_headway"):
            traceback.print_exc = _judging(traceback.print_exc)


def _judging(print_exc: Callable[..., None]) -> Callable[..., None]:
    def judge_and_print(*arguments: Any, **named: Any) -> None:
        try:
            if sys._getframe(1).f_code.co_name == "_bootstrap":  # of `multiprocessing.process`
                _process_ends(sys.exc_info()[1])
        except Exception as error:
            reraise_async(error)
        print_exc(*arguments, **named)

    judge_and_print.__name__ = print_exc.__name__
    judge_and_print.__doc__ = print_exc.__doc__
    judge_and_print._headway = True  # type: ignore[attr-defined]
    return judge_and_print


def _process_ends(error: BaseException | None) -> None:
    """Judge what this process has left, if `error` ends it and is an interruption."""
    reporter = known()
    if reporter is not None and isinstance(error, (KeyboardInterrupt, Cancelled)):
        exit_status.tell_interruption(error)
        _judge(reporter, lambda item: loop_exits.passed(error, item.scope._left_at) is True)
        with reporter.lock:
            reporter.tally.judge_where(lambda item: bool(item.scope._left_at))  # left before


def judge_sent(reporter: Reporter, sending: Any) -> None:
    """Judge what an interruption has left that is handled while the frame `sending` sends."""
    since, reporter.sent_at = reporter.sent_at, reporter.clock()
    error = sys.exc_info()[1]
    if not isinstance(error, (KeyboardInterrupt, Cancelled)):
        return
    erased = error.__traceback__ is None
    # A pool that takes it off the exception drops by that what variables still held.
    files = _files_around(sending) if erased else set()

    def is_passed(item: Left) -> bool:
        at = item.scope._left_at
        if not at or item.when <= since or item.thread != get_ident():
            return False
        if not erased:
            return loop_exits.passed(error, at) is True
        return loop_exits.RAISING in at or getattr(at[0][0], "co_filename", None) in files

    _judge(reporter, is_passed)
    if not erased:
        _judge_held(reporter, error)


def _files_around(frame: Any) -> set[str]:
    """Return the files of the pool's code that sends from `frame`."""
    files: set[str] = set()
    while frame is not None and frame.f_code.co_name != "run" and len(files) < FILES_LIMIT:
        files.add(frame.f_code.co_filename)
        frame = frame.f_back
    return files


def _judge(reporter: Reporter, is_passed: Callable[[Left], bool]) -> None:
    with reporter.lock:
        reporter.tally.collect_left()
        reporter.tally.judge_where(is_passed, CANCELLED)


def _judge_held(reporter: Reporter, error: BaseException) -> None:
    """Cancel the loops of functions that `error` has left, which variables there still hold."""
    passed = {entry[0] for entry in loop_exits.entries(error)}
    with reporter.lock:
        _judge_drawn(reporter, passed)


def _judge_drawn(reporter: Reporter, passed: set[Any]) -> None:
    for handle in list(reporter.handles.values()):
        if handle.thread == get_ident():
            handle._judge_drawn(passed, CANCELLED)
