"""What there is one of in a process: the lock, the publisher, the open scopes, the link.

A forked child gets its own of each, and what it inherited stays its parent's: a handle is
foreign where its `home` is not `here()`.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from itertools import count
from threading import Lock, RLock, current_thread
from time import monotonic, sleep

from headway import scope
from headway.link import Link
from headway.publisher import Publisher
from headway.tally import Tally
from headway.words import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn

    from headway.operations import Operation

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
        self.tree = scope.Tree(inherited)
        self.words = Words(1000)
        self.handles: dict[str, Operation] = {}  # the open operations
        self.link: Link | None = None
        self.forked = False  # made in a child that was forked without exec
        self.closed = False  # the program has ended: what comes now is too late
        self.stage_ids = count(1)

    def wake(self) -> None:
        """There is something to send: start the link, or rouse it."""
        if self.link is not None:
            self.link.wake()
        elif not (self.off or self.closed):
            self._start_link()

    def tell(self, seconds: float) -> None:
        """Wait until changes of state have been handed to the socket, `seconds` at most.

        For a process that is about to stop, its link with it.
        """
        until = self.clock() + seconds
        while self.publisher.unsaid and self.clock() < until:
            sleep(0.005)

    def _start_link(self) -> None:
        with self.lock:
            if self.link is None:
                try:
                    self.link = Link(self)
                    self.link.start()
                    if self.forked:
                        _deliver_before_exit(self)
                except Exception:  # no thread or no descriptor to be had
                    self.off = True
                    self.link = None


def _new_home() -> Home:
    off = os.environ.get("HEADWAY", "").lower() == "off" or os.name == "nt"
    return Home(identity(16), off=off, inherited=scope.inherited())


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
_held: list[Any] = []  # the locks that the forking thread took before the fork


def _before_fork() -> None:
    home = _home
    if home is not None:
        if home.link is not None:
            _vouch()
        # A module whose import was cut by a fork could never be imported in the child. The
        # bounds are for a thread that waits for something which the forking one holds.
        _held.extend(
            lock
            for lock, bound in ((home.importing, 10.0), (home.lock, 5.0))
            if lock.acquire(timeout=bound)
        )


_vouched = False


def _vouch() -> None:
    """Python 3.12 and later warn who forks with threads: not where the threads are ours.

    They hold no lock during the fork. Where the program has threads of its own, the warning
    is true and stays.
    """
    global _vouched  # noqa: PLW0603
    own = sum(not thread.name.startswith("headway") for thread in threading.enumerate())
    if sys.version_info >= (3, 12) and not _vouched and own == 1:
        _vouched = True
        warnings.filterwarnings(
            "ignore", r"This process \(pid=\d+\) is multi-threaded", DeprecationWarning
        )


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop().release()


def _after_fork_in_child() -> None:
    global _home  # noqa: PLW0603
    parent = _home
    if parent is None:
        return
    _abandoned.append(parent)
    whole = len(_held) == 2
    _held.clear()
    child = Home(identity(16), parent.clock, off=parent.off or not whole)
    child.forked = True
    around = parent.tree.common()
    child.tree.inherited = around.path if around is not None else parent.tree.inherited
    _home = child
    if parent.link is not None:
        parent.link.forked()
    for operation in list(parent.handles.values()):
        operation._forked(child)


def _deliver_before_exit(home: Home) -> None:
    """Let `os._exit`, the usual end of a forked child, wait for what it reported.

    No hook runs there. Only children that have reported are changed in this way.
    """
    leave = os._exit

    def exit_at_once(status: int) -> NoReturn:
        if here() is home and home.link is not None and home.link is not current_thread():
            home.link.finish(1.0)
        leave(status)

    os._exit = exit_at_once


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
