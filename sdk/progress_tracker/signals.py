"""Ctrl+C and SIGTERM: cancel the trackers that asked for it, once, and exit.

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

    class Cancellable(Protocol):
        """What a signal needs of a tracker."""

        end_time: float | None

        @property
        def cancel_reason(self) -> str | None:
            """Return the reason that was given with a request to cancel, if any."""
            ...

        def leave(self, message: str, exit_status: int) -> bool:
            """Cancel it; return whether the program can exit at once."""
            ...


SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MESSAGES: dict[int, str] = {
    signal.SIGINT: "Operation cancelled by user (Ctrl+C)",
    signal.SIGTERM: "Operation terminated",
}
_before: dict[int, Any] = {}  # signal → the handler that was there
_watched: dict[int, weakref.ref[Cancellable]] = {}  # in the order they asked
_under_way = 0  # signals that are being handled


def handle_for(tracker: Cancellable) -> None:
    """Cancel `tracker` on a signal from now on; do nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return
    _watched[id(tracker)] = weakref.ref(tracker)
    for number in SIGNALS:
        before = signal.getsignal(number)
        try:
            signal.signal(number, _handle)
        except ValueError:  # a subinterpreter
            return
        if before is not _handle:
            _before[number] = before


def release(tracker: Cancellable) -> None:
    """Stop handling signals for `tracker`; after the last one restore the earlier handlers."""
    _watched.pop(id(tracker), None)
    if _trackers() or threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        if signal.getsignal(number) is _handle:
            try:
                signal.signal(number, _before.get(number) or signal.SIG_DFL)
            except (ValueError, TypeError):
                pass


def _trackers() -> list[Cancellable]:
    found = [reference() for reference in list(_watched.values())]
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
            _call_earlier_handler(number, before, frame)
            return
    finally:
        _under_way = 0
    raise SystemExit(status)


def _call_earlier_handler(number: int, before: Any, frame: FrameType | None) -> None:
    """Do what the earlier handler did: every tracker has ended, in another thread."""
    if callable(before):
        before(number, frame)
    elif before is not signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
