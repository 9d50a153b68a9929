"""What there is one of in a process: the lock, the publisher, the open scopes, the link.

What is owed at the end of the program is waited for, after its own threads and the exit
handlers that it has registered since it imported us; so it is before `os._exit`, which runs
no handlers, and before another program takes the process over.

A forked child gets its own of each, and what it inherited stays its parent's: a handle is
foreign where its `home` is not `here()`.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
from _thread import get_ident
from itertools import count
from threading import Lock, RLock
from time import monotonic, sleep

from headway.host import propagation, reaping
from headway.interning import Words
from headway.reporting.publisher import Publisher
from headway.reporting.tally import Tally
from headway.reporting.thread import FAREWELL, WRITING, Link, restore_interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.reporting.interfaces import Handle

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def identity(length: int) -> str:
    """A new random id of `length` base-32 characters."""
    bits = int.from_bytes(os.urandom(length), "big")
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * length, 5))


class Home:
    """The reporting of one process.

    `lock` guards every model, publisher and scope of it. It is held for moments only, never
    while waiting for anybody, and taken again by the same thread in a signal handler.
    """

    def __init__(
        self,
        session: str,
        clock: Callable[[], float] = monotonic,
        *,
        off: bool = False,
        inherited: str | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.off = off  # nothing is sent: everything else works
        self.lock = RLock()
        self.importing = Lock()  # held while the link imports: a fork must not meet that
        self.publisher = Publisher(session, mute=off)
        self.tally = Tally(self.publisher)
        self.tree = propagation.Tree(inherited)
        self.words = Words(1000)
        self.handles: dict[str, Handle] = {}  # the open operations
        self.link: Link | None = None
        self.forked = False  # made in a child that was forked without exec
        self.closed = False  # the program has ended: what comes now is too late
        self.stage_ids = count(1)
        self._files = count(1)

    def wake(self) -> None:
        """There is something to send: start the link, or rouse it."""
        if self.link is not None:
            self.link.wake()
        elif not (self.off or self.closed):
            self._start_link()

    def rouse(self) -> None:
        """As `wake`, unless the link will look within a frame anyway."""
        if self.link is None or self.link.resting:
            self.wake()

    def tell(self, seconds: float) -> None:
        """Wait until changes of state have been handed to the socket, `seconds` at most.

        For a process that is about to stop, its link with it.
        """
        until = self.clock() + seconds
        while self.publisher.unsaid and self.clock() < until:
            sleep(0.005)

    def _start_link(self) -> None:
        with self.lock:
            if self.link is not None or self.off or self.closed:
                return
            try:
                link = Link(self)
            except Exception:  # no real threads or no descriptors to be had
                self.go_without()
                return
            self.link = link
            try:
                link.start()
            except RuntimeError as error:
                self.link = None
                link.close_pipe()
                # Too late for a thread: `end` sees to what there is. Else there is none to be had.
                if "shutdown" not in str(error):
                    self.go_without()
            except BaseException:  # of a signal's handler
                if not link.started:
                    self.link = None
                    link.close_pipe()
                raise
            else:
                _deliver_before_leaving()
                reaping.hide()

    def go_without(self) -> None:
        """Nothing can be sent for good: keep nothing, and let stages count by themselves."""
        with self.lock:
            self.off = True
            self.publisher.lost()
            self.publisher.forget()
            self.tally.rest()

    def next_file(self) -> str:
        """The name of another file of ends for `unsent/`; `session` itself is the last one's."""
        return f"{self.session}-{next(self._files)}"

    def settle(self) -> None:
        """The program ends: settle what it left open, by how it ends."""
        interactive = hasattr(sys, "ps1")
        error: BaseException | None = None if interactive else getattr(sys, "last_value", None)
        with self.lock:
            for handle in list(self.handles.values()):
                handle._settle_left(error)
            for handle in list(self.handles.values()):
                if handle.open:
                    handle._settle(error)
            self.tally.finish()
            self.closed = True

    def end(self, seconds: float) -> None:
        """The process ends: have what is owed delivered, or left in a file; wait so long for it."""
        if self.link is not None:
            self.link.finish(seconds)
        elif self.publisher.operations:
            from headway.reporting import last_resort  # noqa: PLC0415

            last_resort.part(self)
        self.closed = True


def _new_home() -> Home:
    off = os.environ.get("HEADWAY", "").lower() == "off" or os.name == "nt"
    return Home(identity(16), off=off, inherited=propagation.inherited())


_home: Home | None = None
_made: dict[int, Home] = {}  # pid → the one that was made first, of several threads' tries


def here() -> Home:
    """Return this process's reporting, which is made when first asked for."""
    global _home  # noqa: PLW0603 - one per process is what it is
    home = _home
    if home is None:
        home = _home = _made.setdefault(os.getpid(), _new_home())
    return home


def use(home: Home | None) -> Home | None:
    """Report to `home` from now on, for a test; returns the one before."""
    global _home
    before, _home = _home, home
    _made.clear()
    return before


# Descriptors, threads and locks of a parent process: kept, so that nothing closes them.
_abandoned: list[Any] = []
_held: dict[int, list[Any]] = {}  # thread → the locks that it took before it forks


def _before_fork() -> None:
    home = _home
    if home is not None:
        if home.link is not None:
            _vouch()
        # A module whose import was cut by a fork could never be imported in the child. The
        # bounds are for a thread that waits for something which the forking one holds.
        _held[get_ident()] = [
            lock
            for lock, bound in ((home.importing, 10.0), (home.lock, 5.0))
            if lock.acquire(timeout=bound)
        ]


_vouched = False


def _vouch() -> None:
    """Python 3.12 and later warn who forks with threads: not where the threads are ours.

    They hold no lock during the fork. Where the program has threads of its own, the warning
    is true and stays.
    """
    global _vouched  # noqa: PLW0603
    if sys.version_info >= (3, 12) and not _vouched and threading.active_count() == 1:
        _vouched = True
        warnings.filterwarnings(
            "ignore", r"This process \(pid=\d+\) is multi-threaded", DeprecationWarning
        )


def _after_fork_in_parent() -> None:
    for lock in reversed(_held.pop(get_ident(), [])):
        lock.release()


def _after_fork_in_child() -> None:
    global _home  # noqa: PLW0603
    parent = _home
    held = _held.pop(get_ident(), [])
    _held.clear()
    if parent is None:
        return
    _abandoned.append((parent, held))
    child = Home(identity(16), parent.clock, off=parent.off or len(held) != 2)
    child.forked = True
    around = parent.tree.common()
    child.tree.inherited = around.path if around is not None else parent.tree.inherited
    _home = child
    if parent.link is not None:
        parent.link.close_pipe()
    for operation in list(parent.handles.values()):
        operation._forked()


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
        home = _home
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
    home = _home
    if home is not None:
        try:
            home.end(FAREWELL + WRITING)
        except (Exception, KeyboardInterrupt):
            pass
        restore_interrupt()


# Now, so that handlers which the program registers from here on are called before.
atexit.register(end_program)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
