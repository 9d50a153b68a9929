"""The lines that a process reports, over the Unix socket in HEADWAY_BARS.

A line is one of `headway pipe`, after `@BAR` that tells the bars of a process from each other and,
where it is part of another, `@BAR<OTHER`. Nothing here waits or raises: what the socket does not
take is dropped, but for beginnings and ends, and those too beyond `PENDING_LIMIT`.
"""

from __future__ import annotations

import atexit
import os
import sys
from _thread import RLock, allocate_lock, get_ident
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count

from headway_patch import exit_status
from headway_patch.async_exceptions import reraise_async
from headway_patch.program import ancestors, main_thread, program_frame, program_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from types import CodeType
    from typing import Any, Callable, Generator

PENDING_LIMIT = 1 << 18  # bytes that wait for the socket: thousands of beginnings and ends
EXIT_TIMEOUT = 0.25  # seconds for which an exit waits for a reader that is behind
HOLD_TIMEOUT = 0.1  # seconds for a thread that moves a bar: it takes microseconds
LEFT_LIMIT = 1000  # bars that were left and wait for a verdict: the oldest have stopped there
UNNAMED_LIMIT = 100  # lines that make bars without a name: further ones share the first
NAME_LIMIT = 256  # characters of a name or a detail: more is cut where it is shown anyway


class Connection:
    """The connection of this process; a forked child makes another."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = allocate_lock()
        self.moving = RLock()  # of whoever moves or ends a bar; a signal's handler comes in between
        self.numbers = count(1)
        self.entered: dict[int, list[Bar]] = {}  # thread → the bars that it iterates over
        self.first = main_thread()
        self.open: dict[int, Bar] = {}
        self._unnamed: dict[Any, str] = {}  # by the line that made it, the name of a bar
        self.watched = False  # `counting` has a thread that looks at the open bars
        self.last_looks: list[Callable[[], object]] = []  # called before `finish` ends what is open
        self._unsent: list[bytes] = []  # lines, until whoever has the lock takes them
        self._pending = b""
        self._flags = 0
        self._socket: socket.socket | None = None
        path = os.environ.get("HEADWAY_BARS")
        if not path:
            return
        exit_status.watch(leave_at_once, become_another)
        _watch_process()
        try:
            import socket  # noqa: PLC0415 - only a program with bars needs it

            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            self._flags = socket.MSG_NOSIGNAL  # a program may have SIGPIPE kill it
            self._socket.connect(path)
            # Nobody can look them up once a worker, or the server that forked it, has ended.
            self._pending = f"child {' '.join(map(str, ancestors()))}\nexplicit\n".encode()
        except (ImportError, AttributeError, OSError) as error:
            reraise_async(error)
            self._close()

    @property
    def alive(self) -> bool:
        """Return whether somebody reads."""
        return self._socket is not None

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def leave_to_parent(self) -> None:
        """Close it in a forked child, where it is of no use."""
        self.open.clear()
        self._close()

    def finish(self, error: BaseException | None = None) -> None:
        """End what is open and close it: the program ends. Wait `EXIT_TIMEOUT` at most.

        `error` is what it ends by, None where that is not known.
        """
        if self.pid != os.getpid() or not self.alive:
            return
        if error is None and not hasattr(sys, "ps1"):
            error = getattr(sys, "last_value", None)
        status = error.code if isinstance(error, SystemExit) else None
        passing = exit_status.ended_by(status)
        status = status if passing is None else passing.code
        for look in list(self.last_looks):
            look()
        for bar in list(self.open.values()):
            bar.look()
            if not bar.begun:
                bar.end("skip", "not reached")
            elif bar.left_at is not None:
                if error is not None and not isinstance(error, SystemExit):
                    bar.end_by(error if bar.left_at in exit_status.passed(error) else None)
                elif status:
                    bar.end_by(SystemExit(status))
                else:
                    bar.end("end")
            elif error is None or bar.full:
                bar.end("end")
            else:
                bar.end_by(error)
        with self.lock:
            self._flush()
            if self._socket is not None and self._pending:
                try:
                    self._socket.settimeout(EXIT_TIMEOUT)
                    self._socket.sendall(self._pending, self._flags)
                except OSError as error:
                    reraise_async(error)
            self._close()

    def thread_ends(self, error: BaseException | None) -> None:
        """End the bars whose loops this thread has left by `error`, which ends it."""
        places = exit_status.passed(error)
        for bar in list(self.open.values()):
            if bar.left_in == get_ident() and bar.left_at in places:
                bar.end_by(error)

    def send(self, line: str, *, last: bool = True) -> None:
        """Send a line; one that is not `last` of its kind may be dropped.

        Nobody waits for the lock: a signal's handler would for ever, where it comes in between. Who
        has it sends what others have to say meanwhile.
        """
        if self._socket is None or (self._pending and not last):
            return
        self._unsent.append(line.encode("utf-8", "replace") + b"\n")
        while self._unsent and self.lock.acquire(False):
            try:
                self._flush()
            finally:
                self.lock.release()

    def _flush(self) -> None:
        """Send as much as the socket takes; the lock is held."""
        lines = len(self._unsent)
        self._pending += b"".join(self._unsent[:lines])
        del self._unsent[:lines]
        if self._socket is None:
            self._pending = b""
            return
        try:
            taken = self._socket.send(self._pending, self._flags)
            self._pending = self._pending[taken:]
        except (BlockingIOError, InterruptedError) as error:
            reraise_async(error)
        except OSError as error:
            reraise_async(error)
            self._close()  # nobody reads any more
        if len(self._pending) > PENDING_LIMIT:
            self._close()

    def lagging(self) -> list[Bar]:
        """Return the open bars whose count lags behind, but for those that were left."""
        return [bar for bar in list(self.open.values()) if bar.lags and bar.left_at is None]

    def look(self) -> bool:
        """Look at those whose count lags behind; return whether there are any."""
        bars = self.lagging()
        for bar in bars:
            with bar.held() as alone:
                if alone and bar.open:
                    bar.look()
        return bool(bars)

    def unnamed(self) -> str:
        """Return the name of a bar that is given none: one for each line that makes such."""
        place = program_line()
        if place not in self._unnamed and len(self._unnamed) < UNNAMED_LIMIT:
            number = len(self._unnamed) + 1
            self._unnamed[place] = "items" if number == 1 else f"items {number}"
        return self._unnamed.get(place, "items")

    def around(self) -> Bar | None:
        """Return the bar that a new one of this thread is part of, or None."""
        found = [bar for bar in _entered.get() if bar.connection is self and bar.entered]
        if not found and get_ident() != self.first:
            found = self.entered.get(self.first, found)
        return found[-1] if found else None


_connection: Connection | None = None
# The bars that this thread, or this task of an event loop and what made it, iterates over.
_entered: ContextVar[tuple[Bar, ...]] = ContextVar("headway_bars", default=())


def _after_fork() -> None:
    if _connection is not None:
        _connection.leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def connection() -> Connection:
    """Return the connection of this process."""
    global _connection  # noqa: PLW0603 - there is one
    if _connection is None or _connection.pid != os.getpid():
        _connection = Connection()
        atexit.register(_connection.finish)
    return _connection


class Bar:
    """A bar as it is reported: it begins, moves and ends once.

    `look` is called at the end of the program, to move an open one for the last time.
    """

    def __init__(self, name: object, total: Any, unit: str | None, *, begun: bool = True) -> None:
        self.connection = connection()
        around = self.connection.around()
        number = next(self.connection.numbers)
        self.prefix = f"@{number}" if around is None else f"@{number}<{around.number}"
        self.number = number
        self.look: Callable[[], object] = bool
        self.lags = False  # `look` tells more than it has said: it is called now and then, too
        self.entered = False  # it is iterated over
        self.left_at: tuple[CodeType, int] | None = None  # code and line of the loop over it
        self.left_in = 0  # the thread of that
        self._told: tuple[Any, ...] = ()
        self._name = words(name) or self.connection.unnamed()
        self._unit = unit
        self.begun = False  # else it is only announced
        self.restart(total, begun=begun)

    def restart(self, total: Any, *, begun: bool = True) -> None:
        """Begin, or begin again from zero; unless it has `begun`, it is announced."""
        self.left_at = None
        self.begun = begun
        self.connection.open[self.number] = self
        settings = f" unit={self._unit}" if self._unit and " " not in self._unit else ""
        if is_count(total):
            settings += f" total={total}"
        self._send(f"{'stage' if begun else 'announce'} {self._name}{settings}")
        self._told = (0, total, "")

    @property
    def open(self) -> bool:
        """Return whether it has not ended."""
        return self.number in self.connection.open

    @contextmanager
    def held(self) -> Generator[bool, None, None]:
        """Move or end it alone, if that is possible within `HOLD_TIMEOUT`; yield whether it is."""
        own = self.connection.pid == os.getpid()  # else its lock is as it was at the fork
        alone = own and self.connection.moving.acquire(True, HOLD_TIMEOUT)
        try:
            yield alone
        finally:
            if alone:
                self.connection.moving.release()

    def move(self, done: Any, total: Any, detail: str, *, last: bool = False) -> None:
        """Say how far it is, where that is news."""
        with self.held():
            before, self._told = self._told, (done, total, detail)
            if before == self._told or not self.open:
                return
            if total != before[1] and is_count(total):
                self._send(f"total {total}")
            if detail != before[2]:
                self._send(f"detail {words(detail)}")
            if done != before[0] and is_count(done):
                self._send(f"done {done}", last=last)

    @property
    def full(self) -> bool:
        """Return whether its count has reached its total."""
        done, total, _ = self._told
        return is_count(done) and is_count(total) and done >= total

    def end(self, how: str, why: object = "") -> None:
        """End it: `complete`, `stop` (where its numbers say), or `fail`, because of `why`.

        Of a bar that is open when the program has come to its `end`, the exit status says how.
        """
        with self.held():
            if self.connection.open.pop(self.number, None) is not None:
                self._send(f"{how} {words(why)}".rstrip())

    def end_by(self, error: BaseException | None) -> None:
        """End it as `error` has left it, or where its numbers say."""
        if isinstance(error, GeneratorExit):
            self.leave_early()
        elif error is None or (isinstance(error, SystemExit) and not error.code):
            self.end("stop")
        elif isinstance(error, SystemExit):
            code = error.code
            self.end("fail", f"exit status {int(code)}" if isinstance(code, int) else code)
        else:
            kinds = [kind.__name__ for kind in type(error).__mro__]
            cancelled = isinstance(error, KeyboardInterrupt) or "CancelledError" in kinds
            if cancelled:
                self.end("cancel", error)
            else:
                self.end("fail", text_of(error))

    def close(self) -> None:
        """End it where its numbers say, unless a loop over it is being left."""
        if isinstance(sys.exc_info()[1], GeneratorExit) or program_frame() is None:
            self.leave_early()
        else:
            self.end("stop")

    def leave_early(self) -> None:
        """Take in that the loop over it was left, or that it was dropped.

        Whether by a `break` or by an exception that ends the program, `finish` tells.
        """
        frame = program_frame()
        if self.full:
            self.end("stop")
        elif frame is not None and self.open and self.left_at is None:
            self.left_at = (frame.f_code, frame.f_lineno)
            self.left_in = get_ident()
            exit_status.look_for_passing(frame)
            if self.left_in != self.connection.first:
                _watch_threads()
            self._send("left")
            left = [bar for bar in self.connection.open.values() if bar.left_at is not None]
            if len(left) > LEFT_LIMIT:
                left[0].end("stop")

    def enter(self) -> None:
        """Let the bars that this thread, or this task, makes from now on be part of it."""
        self.entered = True
        # What was left in another context, as async generators are by the loop, is here still.
        _entered.set((*(bar for bar in _entered.get() if bar.entered), self))
        self.connection.entered.setdefault(get_ident(), []).append(self)

    def leave(self) -> None:
        """Undo `enter`, from whatever thread."""
        self.entered = False
        _entered.set(tuple(bar for bar in _entered.get() if bar.entered))
        for bars in list(self.connection.entered.values()):
            if self in bars:
                bars.remove(self)

    def _send(self, line: str, *, last: bool = True) -> None:
        if self.connection.pid == os.getpid():  # else it is the parent's
            self.connection.send(f"{self.prefix} {line}", last=last)


def leave_at_once(status: Any) -> None:
    """End what is open: this process leaves by `os._exit` with `status`."""
    if _connection is not None:
        _connection.finish(SystemExit(status) if status else None)


def become_another(_: object) -> None:
    """Tell how far the open bars are, and that nobody will know how they end, unless exec fails."""
    tell_counts()
    if _connection is not None and _connection.pid == os.getpid():
        _connection.send("becomes")


def tell_counts() -> None:
    """Tell how far the open bars are: this process may end without any exit handler."""
    if _connection is not None and _connection.pid == os.getpid():
        for look in [*_connection.last_looks, *(bar.look for bar in _connection.open.values())]:
            look()


def _watch_process() -> None:
    """Have a process of multiprocessing that an uncaught exception ends say so.

    It catches the exception and prints it, and then leaves by `os._exit`.
    """
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return
    import traceback  # noqa: PLC0415 - what prints it imports it

    print_exc = traceback.print_exc
    if hasattr(print_exc, "_headway"):
        return

    def tell_and_print(*arguments: Any, **named: Any) -> None:
        try:
            if sys._getframe(1).f_code.co_name == "_bootstrap" and _connection is not None:
                _connection.thread_ends(sys.exc_info()[1])
        except Exception as error:
            reraise_async(error)
        print_exc(*arguments, **named)

    tell_and_print.__name__ = print_exc.__name__
    tell_and_print.__doc__ = print_exc.__doc__
    tell_and_print._headway = True  # type: ignore[attr-defined]
    traceback.print_exc = tell_and_print


def _watch_threads() -> None:
    """Have a thread that an uncaught exception ends say so."""
    threading = sys.modules.get("threading")
    hook = getattr(threading, "excepthook", None)
    if hook is None or hasattr(hook, "_headway"):
        return

    def excepthook(args: Any, /) -> None:
        try:
            if _connection is not None:
                _connection.thread_ends(args.exc_value)
        except Exception as error:
            reraise_async(error)
        hook(args)

    excepthook._headway = True  # type: ignore[attr-defined]
    threading.excepthook = excepthook  # type: ignore[union-attr]


def words(text: object) -> str:
    """Return `text` as one line, "" for None and for what has no text."""
    if text is None:
        return ""
    try:
        return " ".join(str(text).split())[:NAME_LIMIT].replace("total=", "total =")
    except BaseException as error:
        reraise_async(error)
        return ""


def text_of(error: BaseException) -> str:
    """Return the text of an exception, or its name where it has none, as Headway's own loops do."""
    text, name = words(error), type(error).__name__
    return f"{name}: {text}" if isinstance(error, KeyError) else text or name


def is_count(value: Any) -> bool:
    """Return whether `value` is a number that is sent."""
    return type(value) in (int, float) and -(2**63) < value < 2**63


def is_drawn(file: Any) -> bool:
    """Return whether Headway draws what is reported on the terminal that `file` is."""
    terminal = os.environ.get("HEADWAY_PATCH", "")
    if not terminal.startswith("/") or not connection().alive:
        return False
    try:
        return os.ttyname(file.fileno()) == terminal
    except Exception as error:
        reraise_async(error)
        return False  # no terminal, or no real file
