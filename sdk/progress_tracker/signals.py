"""Ctrl+C and SIGTERM: cancel the trackers that asked for it, once, and leave.

One handler a process. It is installed for the first tracker and gives way to the handlers
that were there before when the last one has ended.
"""

from __future__ import annotations

import os
import signal
import threading
import weakref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Protocol

    class Cancelled(Protocol):
        """A tracker, as what a signal cancels."""

        end_time: float | None

        @property
        def cancel_reason(self) -> str | None:
            """The reason that somebody gave, if anybody did."""
            ...

        def leave(self, message: str, exit_status: int) -> bool:
            """Cancel it; return whether the program can be left at once."""
            ...


SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MESSAGES: dict[int, str] = {
    signal.SIGINT: "Operation cancelled by user (Ctrl+C)",
    signal.SIGTERM: "Operation terminated",
}
_before: dict[int, Any] = {}  # signal → the handler that was there
_waiting: dict[int, weakref.ref[Cancelled]] = {}  # in the order they asked
_under_way = 0  # signals that are being handled


def handle_for(tracker: Cancelled) -> None:
    """Cancel `tracker` on a signal from now on; does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    _waiting[id(tracker)] = weakref.ref(tracker)
    for number in SIGNALS:
        before = signal.getsignal(number)
        try:
            signal.signal(number, _handle)
        except ValueError:  # a subinterpreter
            return
        if before is not _handle:
            _before[number] = before


def release(tracker: Cancelled) -> None:
    """`tracker` has ended; without any other the handlers are as they were before."""
    _waiting.pop(id(tracker), None)
    if _trackers() or threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        if signal.getsignal(number) is _handle:
            try:
                signal.signal(number, _before.get(number) or signal.SIG_DFL)
            except (ValueError, TypeError):
                pass


def _trackers() -> list[Cancelled]:
    found = [reference() for reference in list(_waiting.values())]
    return [tracker for tracker in found if tracker is not None and tracker.end_time is None]


def _handle(number: int, frame: FrameType | None) -> None:
    global _under_way  # noqa: PLW0603 - a signal belongs to the process
    status = 128 + number
    if _under_way:  # somebody is in a hurry: leave the cleanup, and if it holds on, leave it all
        if _under_way > 1:
            os._exit(status)
        _under_way += 1
        raise SystemExit(status)
    before = _before.get(number)
    _under_way = 1
    try:
        leaving = [
            tracker.leave(tracker.cancel_reason or _MESSAGES.get(number, "Cancelled"), status)
            for tracker in reversed(_trackers())
        ]
        if leaving and not any(leaving):
            return  # each has a task that will leave when its cleanup is done
        if callable(before) and before is not signal.default_int_handler:
            before(number, frame)
        elif not leaving:
            _as_before(number, before, frame)
            return
    finally:
        _under_way = 0
    raise SystemExit(status)


def _as_before(number: int, before: Any, frame: FrameType | None) -> None:
    """Every tracker has ended, in a thread that could not give the handler back."""
    if callable(before):
        before(number, frame)
    elif before is not signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
