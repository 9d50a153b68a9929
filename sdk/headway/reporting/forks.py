"""Fork safety: the handlers of `os.register_at_fork`.

The thread that forks takes the reporter's locks first, so that no other thread holds one at
that moment: its copy in the child would never be released. The child gets a reporter and a
session of its own; the operations that it inherits stay its parent's, and what it counts in
their stages is a share.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from _thread import get_ident
from operator import methodcaller
from time import monotonic

from headway.host import importing
from headway.host.random_id import random_id
from headway.reporting.reporter import Reporter, known, use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The reporters of parent processes, with their sockets and locks: kept alive, so that no destructor
# closes or writes to descriptors that the child shares with its parent.
_abandoned: list[Any] = []
_main_thread = threading.main_thread().ident  # of the process that forks, also in its child
_held: dict[int, _Held] = {}  # by the thread that forks
_settled = 0  # the process that has become a child of its own
_release = methodcaller("release")


class _Held:
    """The locks that a thread takes before its fork.

    Lock order: `importing.lock`, then `lock`, as an import hook of the program may report. A module
    whose import was cut by a fork could never be imported in the child. The time-outs break a
    deadlock with a thread that holds one of them and waits for what the forking thread holds; the
    child then reports nothing, as it may have inherited anything.
    """

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self._locks = ((importing.lock, 10.0), (reporter.lock, 5.0))
        self._taken: list[bool] = []  # in the order of the locks
        self._released: list[Any] = []  # in the other one

    @property
    def all(self) -> bool:
        """Return whether it has them all."""
        return self._taken == [True, True]

    def take(self) -> None:
        """Take those that it has not tried to take."""
        for lock, bound in self._locks[len(self._taken) :]:
            self._taken.extend(map(lock.acquire, (True,), (bound,)))

    def release(self) -> None:
        """Release what it took and has not released."""
        for at in reversed(range(len(self._taken) - len(self._released))):
            taken = (self._locks[at][0],) if self._taken[at] else ()
            self._released.extend(map(_release, taken) if taken else (None,))

    @property
    def over(self) -> bool:
        """Return whether it has begun to release them."""
        return bool(self._released)


def _before() -> None:
    reporter = known()
    if reporter is not None:
        if reporter.thread is not None:
            _vouch()
        held = _held.get(get_ident())
        if held is not None and (held.over or held.reporter is not reporter):
            held.release()  # nothing after the last fork came to its end
            held = None
        if held is None:
            held = _held[get_ident()] = _Held(reporter)
        held.take()


def _vouch() -> None:
    """Silence Python's warning about a fork with threads where the only threads are ours.

    Python 3.12 and later count all threads of the process (DeprecationWarning in `os.fork`).
    Ours hold no lock during the fork. Where the program has other threads, the warning stays.
    At every fork: the program may have restored its filters, or put others before ours.
    """
    if sys.version_info >= (3, 12) and threading.active_count() == 1:
        warnings.filterwarnings(
            "ignore", r"This process \(pid=\d+\) is multi-threaded", DeprecationWarning
        )


def _after_in_parent() -> None:
    held = _held.get(get_ident())
    if held is not None:
        held.release()
        _held.pop(get_ident(), None)


def _after_in_child() -> None:
    global _main_thread, _settled  # noqa: PLW0603 - one of each per process
    if _settled == os.getpid():
        return
    held = _held.get(get_ident())
    parent = known() if held is None else held.reporter
    if parent is not None:
        _become_child(parent, held)
    _held.clear()
    _main_thread = get_ident()
    _settled = os.getpid()


def _become_child(parent: Reporter, held: _Held | None) -> None:
    _abandoned.append((parent, held))
    importing.renew()
    child = Reporter(random_id(16), parent.clock, off=parent.off or held is None or not held.all)
    child.forked = True
    child.deaf = parent.deaf or parent.publisher.is_unanswered(monotonic())
    around = parent.tree.common()
    # A loop of another thread is not what the forking one works on; one of the main thread is.
    while around is not None and not (around.block or around.thread == _main_thread):
        around = around.around
    child.tree.inherited = around.path if around is not None else parent.tree.inherited
    use(child)
    if parent.thread is not None:
        parent.thread.close_pipe()
    if parent.will is not None:
        parent.will.abandon()
    child.inherited = [*parent.inherited, *parent.handles.values()]
    for operation in child.inherited:
        operation._forked()


def register() -> None:
    """Register the handlers, for every fork from now on."""
    if hasattr(os, "register_at_fork"):
        for _ in range(2):
            os.register_at_fork(
                before=_before,
                after_in_parent=_after_in_parent,
                after_in_child=_after_in_child,
            )
