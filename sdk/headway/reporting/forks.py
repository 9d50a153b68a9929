"""What becomes of reporting when the process is forked, by whichever of its threads.

Who forks takes the locks of reporting first, so that no other thread is within them just
then. The child reports for itself, as a session of its own; the operations that it finds stay
its parent's, and what it counts in them is a share.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from _thread import get_ident

from headway.reporting.reporter import Home, identity, known, use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Descriptors, threads and locks of a parent process: kept, so that nothing closes them.
_abandoned: list[Any] = []
_held: dict[int, list[Any]] = {}  # thread → the locks that it took before it forks


def _before() -> None:
    home = known()
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


def _after_in_parent() -> None:
    for lock in reversed(_held.pop(get_ident(), [])):
        lock.release()


def _after_in_child() -> None:
    parent = known()
    held = _held.pop(get_ident(), [])
    _held.clear()
    if parent is None:
        return
    _abandoned.append((parent, held))
    child = Home(identity(16), parent.clock, off=parent.off or len(held) != 2)
    child.forked = True
    around = parent.tree.common()
    child.tree.inherited = around.path if around is not None else parent.tree.inherited
    use(child)
    if parent.link is not None:
        parent.link.close_pipe()
    for operation in list(parent.handles.values()):
        operation._forked()


def register() -> None:
    """Do this at every fork from now on."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_before,
            after_in_parent=_after_in_parent,
            after_in_child=_after_in_child,
        )
