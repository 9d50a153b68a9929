"""How far a loop over a bar is, where the bar's own count lags behind: tqdm's is a local variable.

tqdm looks at the clock only after so many items as it expects in a tenth of a second: a loop that
becomes slow shows nothing for ten seconds, and one that is killed may never have shown anything.
So the position in what it iterates over is read: by this thread at the end, by another in between.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, start_new_thread
from itertools import compress

from headway_patch.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from headway_patch.lines import Connection

# Seconds between two looks: what a bar has counted since is lost where its process is killed.
INTERVAL = 0.25

# Their iterators tell how many items are left.
_INDEXED = (list, tuple, range, str, bytes)


class Feed:
    """Stands for the iterable of a bar until the loop begins; then its items are counted.

    `begin` is called with what returns the number of items that are done.
    """

    __slots__ = ("_begin", "_items")

    def __init__(self, items: Any, begin: Callable[[Callable[[], int]], object]) -> None:
        self._items = items
        self._begin = begin

    def __iter__(self) -> Iterator[Any]:
        """Return the items, at the speed of their own iterator where that tells its position."""
        items = self._items
        if type(items) in _INDEXED:
            iterator = iter(items)
            self._begin(_position(items, iterator))
            return iterator
        # A range that never ends is drawn in step with the items.
        steps = range(1, sys.maxsize)
        ticks = iter(steps)
        counted = compress(items, ticks)
        self._begin(_position(steps, ticks))
        return counted


def _position(items: Any, iterator: Any) -> Callable[[], int]:
    """Return what tells the number of items that were handed out, less the one in work."""
    hint = iterator.__length_hint__
    return lambda: max(len(items) - hint() - 1, 0)


def watch(connection: Connection) -> None:
    """Have the open bars of this process looked at now and then, by a thread of ours.

    It is in no list of threads, takes no signals, and ends with the last bar.
    """
    if connection.watched or type(start_new_thread) is not type(len):
        return  # gevent's would be a part of the program's own
    connection.watched = True
    try:
        start_new_thread(_run, (connection,))
    except RuntimeError as error:
        reraise_async(error)
        connection.watched = False  # no more threads


def _run(connection: Connection) -> None:
    try:
        _take_no_signals()
        pause = allocate_lock()
        pause.acquire()
        while connection.alive and connection.pid == os.getpid():
            pause.acquire(True, INTERVAL)
            if not connection.look():
                connection.watched = False
                if not connection.lagging():  # by now: whoever makes one has looked at `watched`
                    return
                connection.watched = True
    except Exception as error:  # the interpreter is being taken down
        reraise_async(error)


def _take_no_signals() -> None:
    import _signal as signals  # noqa: PLC0415 # pyright: ignore[reportMissingImports]

    signals.pthread_sigmask(signals.SIG_BLOCK, signals.valid_signals())
