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
from time import monotonic

from headway.host.random_id import random_id
from headway.reporting.reporter import Reporter, known, use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The reporters of parent processes, with their sockets and locks: kept alive, so that no destructor
# closes or writes to descriptors that the child shares with its parent.
_abandoned: list[Any] = []
_main_thread = threading.main_thread().ident  # of the process that forks, also in its child
_held: dict[int, list[Any]] = {}  # thread → the locks that it took before its fork


def _before() -> None:
    reporter = known()
    if reporter is not None:
        if reporter.thread is not None:
            _vouch()
        # Lock order: `importing`, then `lock`, as an import hook of the program may report. A
        # module whose import was cut by a fork could never be imported in the child. The
        # time-outs break a deadlock with a thread that holds one of them and waits for what the
        # forking thread holds; the child then reports nothing, as it may have inherited anything.
        _held[get_ident()] = [
            lock
            for lock, bound in ((reporter.importing, 10.0), (reporter.lock, 5.0))
            if lock.acquire(timeout=bound)
        ]


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
    for lock in reversed(_held.pop(get_ident(), [])):
        lock.release()


def _after_in_child() -> None:
    global _main_thread
    parent = known()
    held = _held.pop(get_ident(), [])
    _held.clear()
    main, _main_thread = _main_thread, get_ident()
    if parent is None:
        return
    _abandoned.append((parent, held))
    child = Reporter(random_id(16), parent.clock, off=parent.off or len(held) != 2)
    child.forked = True
    child.deaf = parent.deaf or parent.publisher.is_unanswered(monotonic())
    around = parent.tree.common()
    # A loop of another thread is not what the forking one works on; one of the main thread is.
    while around is not None and not (around.block or around.thread == main):
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
        os.register_at_fork(
            before=_before,
            after_in_parent=_after_in_parent,
            after_in_child=_after_in_child,
        )
