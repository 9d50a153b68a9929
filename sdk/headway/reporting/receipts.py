"""The receipts that this process is to leave on its terminal: of operations that have ended.

A program prints them itself as they end, so that what it prints next stands below: its terminal's
viewer, another process, learns of an end a tenth of a second later. What cannot be printed at once
the viewer prints, above its picture, as it does all of a pool's workers. It is the start of a
Python: on a busy machine it comes after a short program's end, and it may be killed. What it has
not printed by the exit of the program, the program prints.
"""

from __future__ import annotations

import os
import sys
import time

from headway.async_exceptions import reraise_async
from headway.host import identity
from headway.states import CRASHED, FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from headway.model import Operation

LEAST_SECONDS = 0.5  # of an operation that leaves a receipt: what ends sooner was no wait
# Seconds for which the exit waits for a terminal that is behind with what was printed there.
WRITE_TIMEOUT = 0.1
PENDING_LIMIT = 100  # receipts at most that an exit prints, the latest
UNTOLD_LIMIT = 50  # ends that an exit tells a CI job of, the latest
# Seconds for which a receipt that is printed at once waits for another process's claim, which takes
# a millisecond.
CLAIM_AT_ONCE = 0.005
_UNREAD = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC


class Receipts:
    """The ended operations of this process that are to leave a receipt, until it is printed.

    `least` is how many seconds one must have lasted.
    """

    def __init__(self) -> None:
        self.least = LEAST_SECONDS
        self._pending: dict[str, Operation] = {}
        self.fresh: list[str] = []  # those that were not tried to be printed yet
        self._held: set[str] = set()  # claimed by us, but neither printed nor given back
        self.lines_begun = False  # a process was started that appends lines to a log
        self._in_log: bool | None = None  # lines are wanted; None: nothing has ended yet
        self._untold: dict[str, Operation] = {}  # ends that the log's viewer has not answered

    def add(self, operation: Operation) -> None:
        """Take in an operation that has just ended."""
        leaves = operation.receipt or operation.state in (FAILED, CRASHED)
        if not leaves or operation.parent is not None:
            return
        self._add_to_log(operation)
        if _seconds(operation) < self.least or operation.display not in (None, "auto", "live"):
            return
        self._pending[operation.id] = operation
        self.fresh.append(operation.id)
        del self.fresh[:-PENDING_LIMIT]
        if len(self._pending) > PENDING_LIMIT:
            del self._pending[next(iter(self._pending))]

    def _add_to_log(self, operation: Operation) -> None:
        if self._in_log is None:
            try:
                from headway.formatting.picture_support import wants_lines  # noqa: PLC0415
            except (ImportError, OSError) as error:  # no descriptor is left, or our files are gone
                reraise_async(error)
                return
            self._in_log = wants_lines(os.environ)
        if not self._in_log or operation.display not in (None, "auto", "live", "plain"):
            return
        if _seconds(operation) >= LEAST_SECONDS or operation.state == FAILED:
            self._untold[operation.id] = operation
            if len(self._untold) > UNTOLD_LIMIT:
                del self._untold[next(iter(self._untold))]

    def untold(self) -> list[Operation]:
        """Return the ends that a CI job's log is owed: its viewer has not answered for them."""
        return list(self._untold.values())

    def pending(self) -> dict[str, Operation]:
        """Return those that nobody has printed, by id, in the order of their ends."""
        return dict(self._pending)

    def forget(self, operation: str) -> None:
        """Drop an operation that runs again."""
        self._pending.pop(operation, None)
        self._untold.pop(operation, None)

    def answered(self, operations: Iterable[str]) -> None:
        """Take in the operations whose ends a viewer has claimed; short ones it leaves to us."""
        for name in operations:
            self._untold.pop(name, None)
            operation = self._pending.get(name)
            if operation is not None and _seconds(operation) >= LEAST_SECONDS:
                del self._pending[name]

    def print_fresh(self) -> None:
        """Print those of what has just ended, if the terminal takes them at once. Raise OSError.

        What it does not take whole is pending still.
        """
        fresh, self.fresh = self.fresh, []
        name = identity.terminal()
        pending = self.pending()
        ended = {one: pending[one] for one in fresh if one in pending}
        if name is None or not ended or is_of_pool(ended.values()):
            return
        import select  # noqa: PLC0415 - at an end only

        from headway.formatting import picture_support  # noqa: PLC0415

        if not picture_support.drawable(True, os.environ):
            return
        terminal, place = _open(name)
        try:
            free = select.select([], [terminal], [], 0)[1]
            if free and _is_ours(terminal, echoed=True):
                until = time.monotonic() + CLAIM_AT_ONCE
                for one in _print(terminal, place, ended, self._held, until, at_once=True):
                    self._pending.pop(one, None)
        finally:
            os.close(terminal)

    def left_to_another(self) -> bool:
        """Return whether another process is to print what is pending. Raise OSError.

        Who draws on the terminal, or has been started to. Elsewhere nobody ever answers.
        """
        name = identity.terminal()
        if name is None or not self._pending:
            return False
        from headway.formatting import picture_support  # noqa: PLC0415 - at an end only

        if not picture_support.drawable(True, os.environ):
            return False
        terminal, place = _open(name)
        try:
            return _is_drawn_on(place, soon=True)
        finally:
            os.close(terminal)

    def print_pending(self, until: float, *, shared: bool = False) -> None:
        """Print those that nobody has printed, if this process has its terminal. Raise OSError.

        Nothing is waited for after `until`, on the monotonic clock. Where the receipt may be
        `shared` with other workers, whoever draws there prints it: it is printed only if nobody
        does.
        """
        pending, self._pending = self._pending, {}
        name = identity.terminal()
        if not pending or name is None:
            return
        from headway.formatting import picture_support  # noqa: PLC0415 - at an end only

        if not picture_support.drawable(True, os.environ):
            return
        terminal, place = _open(name)
        try:
            if _is_ours(terminal) and not (shared and _is_drawn_on(place)):
                for one in _print(terminal, place, pending, self._held, until):
                    del pending[one]
                self._pending = {**pending, **self._pending}
        finally:
            os.close(terminal)


def _seconds(operation: Operation) -> float:
    if operation.started is None or operation.ended is None:
        return 0.0
    return operation.ended - operation.started


def _open(name: str) -> tuple[int, int]:
    """Open a terminal so that no write to it blocks. Raise OSError.

    Return what to print to, and the descriptor by which the terminal's locks are known.
    """
    try:
        opened = os.open(name, _UNREAD)
    except PermissionError:  # of another user, as behind su
        # Standard error would block where nobody reads the terminal, even when `select` says that
        # there is room; that it does not is a flag which is shared with other programs.
        if os.ttyname(2) != name:
            raise
        os.tcgetpgrp(2)  # raises OSError where that is not the one which controls us
        return os.open("/dev/tty", _UNREAD), 2
    return opened, opened


def is_of_pool(operations: Iterable[Operation]) -> bool:
    """Return whether the viewer may print one receipt for this process and others of its program.

    As it does for a parent of the same interpreter, and for the ranks of a job.
    """
    if any(operation.rank is not None for operation in operations):
        return True
    try:
        own, above = (os.readlink(f"/proc/{pid}/exe") for pid in ("self", os.getppid()))
    except OSError as error:
        reraise_async(error)
        return False
    return own == above


def _is_ours(descriptor: int, *, echoed: bool = False) -> bool:
    """Return whether a line printed now stands where a person expects it.

    In the background that would be in the shell's prompt, beside a full-screen program anywhere;
    if it must be `echoed`, in a password that is being typed.
    """
    import termios  # noqa: PLC0415 - at an end only

    from headway import terminal_mode  # noqa: PLC0415

    try:
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            return False
    except OSError as error:
        reraise_async(error)  # not our controlling terminal: unknown
    try:
        mode = terminal_mode.line_mode(termios.tcgetattr(descriptor))
    except (OSError, termios.error) as error:
        reraise_async(error)
        return False
    return mode == terminal_mode.LINE if echoed else mode != terminal_mode.RAW


def _is_drawn_on(descriptor: int, *, soon: bool = False) -> bool:
    """Return whether another process draws on a terminal, or has been started to do so `soon`."""
    from headway.host.files.terminal_locks import (  # noqa: PLC0415 - at an end
        REGION,
        VIEWER,
        TerminalLock,
    )

    for role in (REGION, VIEWER) if soon else (REGION,):
        lock = TerminalLock(descriptor, role)
        try:
            if lock.is_taken():
                return True
        finally:
            lock.close()
    return False


def _print(
    terminal: int,
    place: int,
    pending: dict[str, Operation],
    held: set[str],
    until: float,
    *,
    at_once: bool = False,
) -> set[str]:
    """Print what nobody else has claimed; return all that needs no receipt of ours any more.

    What was not printed whole is given back, or `held` where another process keeps the claims. If
    it must be `at_once`, nothing is claimed where another process does so just now.
    """
    from headway.host.files.printed_ends import CLAIM_TIMEOUT, PrintedEnds  # noqa: PLC0415
    from headway.host.files.terminal_locks import FRONT, TerminalLock  # noqa: PLC0415 - at an end

    front = TerminalLock(place, FRONT)
    viewed = front.is_taken()  # by `headway view`, which shows these operations
    front.close()
    printed = PrintedEnds(place)
    try:
        claim = printed.try_claim if at_once else printed.claim
        claimed = claim(pending, min(CLAIM_TIMEOUT, until - time.monotonic()))
        if claimed is None:
            return set()
        if viewed:
            return set(pending)
        left = list(filter((claimed | held).__contains__, pending))  # in the order of their ends
        try:
            del left[: _print_lines(terminal, [pending[one] for one in left], until)]
        finally:
            held.difference_update(pending)
            if left and not printed.release(left, max(until - time.monotonic(), 0.0)):
                held.update(left)
        return set(pending).difference(left)
    finally:
        printed.close()


def _print_lines(terminal: int, operations: list[Operation], until: float) -> int:
    """Print the receipts of operations; return how many of them the terminal has taken whole."""
    from headway.formatting import theme  # noqa: PLC0415 - at an end only
    from headway.formatting.receipt import receipt_line, receipt_sequence  # noqa: PLC0415
    from headway.host import terminfo  # noqa: PLC0415

    try:
        columns = os.get_terminal_size(terminal).columns or 80
    except OSError as error:
        reraise_async(error)
        columns = 80
    look = theme.for_encoding(
        getattr(sys.stderr, "encoding", None),
        coloured=terminfo.coloured(terminal=True, environ=os.environ),
    )
    lines = [
        look.paint(receipt_line(operation, look, max(columns - 1, 0), reason=True))
        for operation in operations
    ]

    def encoded(number: int) -> bytes:
        return receipt_sequence(lines[:number], columns).encode("utf-8", "replace")

    taken = _write(terminal, encoded(len(lines)), until)
    whole = len(lines)
    while len(encoded(whole)) > taken:
        whole -= 1
    return whole


def _write(descriptor: int, data: bytes, until: float) -> int:
    """Write at once, or once the terminal takes it, within `WRITE_TIMEOUT` and before `until`.

    Return how many bytes it has taken.
    """
    import select  # noqa: PLC0415 - at an end only

    until = min(until, time.monotonic() + WRITE_TIMEOUT)
    view = memoryview(data)
    while view:
        left = max(until - time.monotonic(), 0.0)  # what a terminal takes at once is written
        if not select.select([], [descriptor], [], left)[1]:
            break
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            if not left:
                break
            time.sleep(0.001)
    return len(data) - len(view)
