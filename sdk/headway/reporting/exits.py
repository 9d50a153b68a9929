"""Exit handlers: deliver final states before the program ends, a second at most.

They run after the program's own threads have ended and after the exit handlers that it has
registered since it imported us; and, as no handler runs there, before `os._exit` and
`os.exec…`.
"""

from __future__ import annotations

import atexit
import os
import sys
from time import monotonic, sleep

from headway.async_exceptions import is_async, reraise_async
from headway.host import propagation
from headway.reporting import exit_status
from headway.reporting.reporter import known, on_start
from headway.reporting.thread import EXIT_TIMEOUT
from headway.reporting.workers import interruptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.reporting.reporter import Reporter

SPOOL_TRIES = 5  # at an end that signals' handlers disturb

_leaving = False  # the ways to leave wait for us


def _deliver_before_leaving() -> None:
    """Wrap `os._exit` and `os.exec…`, where no exit handler runs, to deliver final states first.

    `os._exit` is also the usual end of a forked child. `os.closerange` is wrapped because it
    closes libzmq's descriptors with the others, as daemons do, and libzmq aborts the process
    for that: ours are closed before. Only processes that have reported are changed.
    """
    global _leaving  # noqa: PLW0603
    if not _leaving:
        _leaving = True
        os._exit = _after(_end_at_once, os._exit, "os")
        os.execv = _after(_deliver_before_exec, os.execv, "os")
        os.execve = _after(_deliver_before_exec, os.execve, "os")
        os.closerange = _after(_close_ours, os.closerange, "os")
        os.abort = _after(_tell_last, os.abort, "os")
        os.killpg = _after(_tell_before_group, os.killpg, "os")
        for module in filter(None, map(sys.modules.get, ("_signal", "signal"))):
            raise_signal = getattr(module, "raise_signal", None)
            if raise_signal is not None:
                module.raise_signal = _after(_tell_before_signal, raise_signal, "signal")  # type: ignore[attr-defined]


def _after(
    deliver: Callable[..., Any], leave: Callable[..., Any], module: str
) -> Callable[..., Any]:
    """Return `leave`, after `deliver`, whose result is called where `leave` returns or fails.

    It takes its place in `module`, by which it is pickled.

    What a signal's handler raises amid it is the program's at once: another could be lost.
    """

    def leave_then(*arguments: Any, **named: Any) -> Any:
        reporter = known()
        undo = None
        # Without a thread, as one that was stopped before descriptors were closed, a file can tell.
        if reporter is not None and (reporter.thread or reporter.publisher.has_unacknowledged):
            try:
                undo = deliver(reporter, *arguments, **named)
            except Exception as error:
                reraise_async(error)
        try:
            left = leave(*arguments, **named)
        except Exception as error:
            if undo is not None and not is_async(error):
                undo()
            raise
        if undo is not None:
            undo()  # a signal that is blocked, or not for this process alone
        return left

    leave_then.__name__ = leave_then.__qualname__ = leave.__name__
    leave_then.__module__ = module
    leave_then.__doc__ = leave.__doc__
    return leave_then


def _tell_before_sending() -> None:
    """Wrap what a child tells others by, so that its will is told before.

    What a worker of a pool sends is the result of a task. Its parent may end it once it has that.
    """
    reporter = known()
    if reporter is None or not (reporter.forked or propagation.is_of_multiprocessing()):
        return
    for module, kind, method in _SIGNALS:
        found = getattr(sys.modules.get(module), kind, None)
        tell = getattr(found, method, None)
        if tell is not None and not hasattr(tell, "_headway"):
            setattr(found, method, _telling(tell))
    _tell_before_locking()


# What `send` and `send_bytes` of a connection, queues and proxies of managers come to: a `Queue`
# keeps the bound `send_bytes` that it was made with, and sends by a thread of its own, later than
# `put` returns. And what says without a message that something is done.
_SIGNALS = (
    ("multiprocessing.connection", "Connection", "_send_bytes"),
    ("multiprocessing.queues", "JoinableQueue", "task_done"),
    ("multiprocessing.synchronize", "Event", "set"),
)


def _telling(send: Callable[..., Any]) -> Callable[..., Any]:
    def send_then(*arguments: Any, **named: Any) -> Any:
        sending = sys._getframe(1)
        if not _is_locked(sending):
            _tell_will(sending)
        return send(*arguments, **named)

    return _named_as(send, send_then)


def _tell_before_locking() -> None:
    """Tell the will before the queue of a pool's results is locked, and not while it is.

    The pool may terminate this process at any moment. Where that comes while the lock is held, no
    other process takes it any more, and the pool waits for ever: so it is held no longer for us.
    """
    queue = getattr(sys.modules.get("multiprocessing.queues"), "SimpleQueue", None)
    lock = getattr(sys.modules.get("multiprocessing.synchronize"), "Lock", None)
    if queue is None or lock is None or hasattr(lock.__enter__, "_headway"):
        return
    enter, put = lock.__enter__, queue.put.__code__

    def tell_and_enter(*arguments: Any) -> Any:
        putting = sys._getframe(1)
        if putting.f_code is put:
            _tell_will(putting)
        return enter(*arguments)

    _putting.append(put)
    lock.__enter__ = _named_as(enter, tell_and_enter)


_putting: list[Any] = []  # the code that sends while it holds a lock, before which we have told


def _is_locked(sending: Any) -> bool:
    """Return whether the will was told before a lock was taken by what calls `sending`."""
    caller = sending.f_back
    return caller is not None and caller.f_code in _putting


def _tell_will(sending: Any) -> None:
    reporter = known()
    if reporter is not None and reporter.thread is not None:
        try:
            from headway.reporting.spool import wills  # noqa: PLC0415 - few processes have one

            interruptions.judge_sent(reporter, sending)
            wills.tell(reporter)
        except Exception as error:
            reraise_async(error)


def _named_as(original: Callable[..., Any], wrapper: Any) -> Callable[..., Any]:
    wrapper.__name__ = original.__name__
    wrapper.__doc__ = original.__doc__
    wrapper._headway = True
    return wrapper  # type: ignore[no-any-return]


def _note_before_killing() -> None:
    """Wrap `os.kill`, so that the will of a child says that its parent has ended it.

    It is what `multiprocessing`, `subprocess`, loky and psutil end a process by. At import, as a
    parent that reports nothing itself may have a pool that does.
    """
    kill = os.kill

    def kill_then(*arguments: Any) -> None:
        two = len(arguments) == 2
        undo = _tell_of_ourselves(*arguments) if two else None
        take_back = _note(*arguments) if two else None
        try:
            kill(*arguments)
        except BaseException as error:
            # A signal's handler may raise once it is sent: to this process, or another by chance.
            if not is_async(error):
                for back in filter(None, (take_back, undo)):
                    back()
            raise
        if undo is not None:
            undo()  # it is blocked, or others handle it

    kill_then.__name__ = kill_then.__qualname__ = "kill"
    kill_then.__module__ = "os"
    kill_then.__doc__ = kill.__doc__
    os.kill = kill_then


def _note(pid: Any, number: Any) -> Callable[[], None] | None:
    """Note in the will of a child that it is ended; return what takes that back."""
    try:
        if not number or pid <= 1 or pid == os.getpid():
            return None
        from headway.reporting.spool import wills  # noqa: PLC0415 - few programs end another

        noted = wills.note_ended(pid, int(number))
        return None if noted is None else lambda: wills.take_back(noted)
    except Exception as error:
        reraise_async(error)
        return None


def _tell_of_ourselves(pid: Any, number: Any) -> Callable[[], None] | None:
    """Tell what is begun before a signal to this process; return what removes that."""
    try:
        if not number or pid not in (os.getpid(), 0, -1, -os.getpgrp()):
            return None
        reporter = known()
        return None if reporter is None else _tell_before_signal(reporter, number)
    except Exception as error:
        reraise_async(error)
        return None


def _close_ours(reporter: Reporter, *_: Any) -> None:
    with reporter.lock:
        thread = reporter.thread
    if thread is not None:
        thread.stop(EXIT_TIMEOUT)  # the next report starts another: not now, descriptors are closed


def _end_at_once(reporter: Reporter, status: Any) -> None:
    if not isinstance(status, int):
        return  # it raises
    exit_status.tell(status)
    # It is how forked children end. Others may leave one behind that goes on with what is open, as
    # daemons do: by a status that says success nobody knows whether that was done.
    whole = reporter.forked or propagation.is_of_multiprocessing()
    error = None if whole else exit_status.ended_by() or exit_status.LeftAtOnce()
    try:
        reporter.correct_all()  # called by an exit handler that runs after ours
        if whole:
            reporter.end()
        else:
            if not reporter.closed:
                reporter.judge_open(error)
            _deliver_ends(reporter)
            reporter.leave_receipts()
    except BaseException:
        # A signal's handler: by now the process would be over, and a forked child must not go on
        # with what its parent does.
        _spool_again(reporter, error)


def _deliver_before_exec(reporter: Reporter, *_: Any) -> Callable[[], None] | None:
    """Spool and deliver the ends before exec; what is open stays open, as exec may fail."""
    _deliver_ends(reporter)
    return _tell_last(reporter, becomes=True)


def _tell_last(reporter: Reporter, *, becomes: bool = False) -> Callable[[], None] | None:
    """Leave a file of what no broker has stored; return what removes it, or None.

    `becomes`: this process is about to become another program.
    """
    if reporter.off or reporter.closed:
        return None
    from headway.reporting.spool import births  # noqa: PLC0415 - few programs need it

    names = births.tell_last(reporter, becomes=becomes)
    own = reporter.births
    if not names or own is None:  # its thread has yet to begin
        return None if not names else lambda: births.remove(names)
    own.last += names  # from here on they are removed even if a handler raises
    return own.drop_last


def _tell_before_signal(reporter: Reporter, number: Any) -> Callable[[], None] | None:
    """Do so before a signal that ends or stops this process."""
    from headway.reporting.spool import wills  # noqa: PLC0415 - as above

    return _tell_last(reporter) if wills.ends_us(int(number)) else None


def _tell_before_group(reporter: Reporter, group: Any, number: Any) -> Callable[[], None] | None:
    return _tell_before_signal(reporter, number) if group in (0, os.getpgrp()) else None


def _deliver_ends(reporter: Reporter) -> None:
    """Spool and deliver what has ended.

    What a forked child has counted in a stage of its parent is spooled with them.
    """
    with reporter.lock:
        reporter.tally.finish()
    if not reporter.publisher.has_unacknowledged:
        return
    if reporter.closed and reporter.exit_spool.filled:
        return  # the program has ended already, and its file is written
    from headway.reporting.spool.last_resort import ExitSpool  # noqa: PLC0415

    exit_spool = ExitSpool(reporter)
    try:
        exit_spool.write(reporter.next_spool_name())
        if reporter.births is not None and not reporter.publisher.any_open:
            reporter.births.hand_over()
    except Exception as error:
        reraise_async(error)  # there is still the wire
    in_vain = reporter.off or reporter.thread is None or reporter.is_deaf(exit_spool)
    until = monotonic() + (0.0 if in_vain else 0.3)
    while reporter.publisher.awaits_ends and monotonic() < until:
        reporter.wake()
        sleep(0.002)
    if not reporter.publisher.has_unacknowledged:
        exit_spool.withdraw()
    exit_spool.count_lost()


def end_program() -> None:
    """Deliver final states at the end of the program. Never raises."""
    reporter = known()
    if reporter is None and "multiprocessing.process" in sys.modules:
        _await_workers()
    if reporter is not None:
        try:
            reporter.end()
        except BaseException:  # a handler's (KeyboardInterrupt, SystemExit): nobody could catch it
            _spool_again(reporter)
        exit_status.release()
        _restore_interrupt()


def _await_workers() -> None:
    """Give the receipts of the workers of this program's pool the time to be printed."""
    if propagation.is_of_multiprocessing() or os.environ.get("HEADWAY", "").lower() == "off":
        return
    try:
        from headway.reporting.viewers import terminal_viewer  # noqa: PLC0415 - at an end only

        terminal_viewer.await_workers()
    except BaseException:  # as below
        pass


def _spool_again(reporter: Reporter, error: BaseException | None = None) -> None:
    """Spool what is not acknowledged, where a signal's handler has raised amid the end."""
    for _ in range(SPOOL_TRIES):
        try:
            reporter.spool_ends(error)
        except BaseException:  # raised again
            continue
        return


def _restore_interrupt() -> None:
    """Let a program that Ctrl+C has ended die of SIGINT all the same, as a shell expects.

    The interpreter keeps a flag for an unhandled KeyboardInterrupt and kills itself by SIGINT at
    its end. Running source text (`exec`) clears the flag; imports do so here and there, and our
    imports came after the main thread's end.
    """
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        try:
            exec("raise KeyboardInterrupt")  # noqa: S102 - what sets the flag again
        except KeyboardInterrupt:
            pass


def register() -> None:
    """Register the exit handler, wrap `os.kill` and `sys.exit`, the others at the first report."""
    atexit.register(end_program)
    on_start(_deliver_before_leaving)
    on_start(_tell_before_sending)
    on_start(interruptions.watch)
    if os.name != "nt" and os.environ.get("HEADWAY", "").lower() != "off":
        _note_before_killing()
        exit_status.watch_exit()
