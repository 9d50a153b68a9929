"""Look at the processes of a command, for all that want to know of them. Linux.

Shell. There is one walk through the tree, by the lists of children in /proc, never all of /proc;
whoever wants more of a process reads it on the occasion. What looks cost, all of it, decides when
the next may be: the median of the last three, for the first look at a tool loads its parser, and a
gap in the samples of its work would be all that this brought. Where there is no such list, the
command itself is all that is found.
"""

from __future__ import annotations

import time

from headway.run.kernel.process_tree import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict

    from headway.run.kernel.process_tree import Status

    Walk = Dict[int, Status]
    Listener = Callable[[Walk, float], object]

# Of one core, the share that looking takes: a look that has cost 1 ms is followed by 0.5 s
# without.
SHARE = 0.002
SOONEST_SECONDS = 0.1  # between two looks: nobody sees more than ten changes a second
LATEST_SECONDS = 0.5  # in which an idle command is looked at again
LONGEST_SECONDS = 30.0  # between two looks, whatever they cost


class ProcessLooks:
    """Looks at `root` and what it has started, and tells the listeners what it has found.

    `clock` returns the processor time of this thread, in seconds.
    """

    def __init__(self, root: int, clock: Callable[[], float] = time.thread_time) -> None:
        self._root = root
        self._clock = clock
        self._listeners: list[Listener] = []
        self._costs = (0.0, 0.0, 0.0)  # of the last looks, in seconds
        self._next = 0.0
        self._looked = 0.0
        self.members: list[int] = [root]  # as of the last look

    def add(self, listener: Listener) -> None:
        """Call `listener(walk, now)` at every look; one that raises is not called again.

        `walk` maps pids to their status, parents first.
        """
        self._listeners.append(listener)

    def look(self, now: float, *, output: bool) -> bool:
        """Take a look, unless it is too early for another; return whether one was taken.

        `output` tells that something has been printed since the last.
        """
        if now < self._next or (not output and now - self._looked < LATEST_SECONDS):
            return False
        began = self._clock()
        found = walk(self._root)
        self.members = list(found)
        for listener in list(self._listeners):
            try:
                listener(found, now)
            except Exception:
                self._listeners.remove(listener)  # such as without memory: the command goes on
        self._looked = now
        self._next = now + SOONEST_SECONDS
        self._costs = (*self._costs[1:], self._clock() - began)
        self.spend(sorted(self._costs)[1], now)
        return True

    def spend(self, seconds: float, now: float) -> None:
        """Take in what looking has cost at `now`: the next look is as much later."""
        self._next = min(max(self._next, now + seconds / SHARE), now + LONGEST_SECONDS)
