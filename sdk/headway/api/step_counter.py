"""Count steps in memory of a fixed size, without the lock.

A list of steps is as quick to append to, but grows until somebody folds it: twenty threads that
count as fast as they can keep the publisher from running for seconds, and a gigabyte was held.
Two objects of the standard library count in C, so that no other thread comes in between, and can
be read from any thread: what is left of a `repeat`, and the position of a file in memory. Neither
is one step where threads run at the same time (free-threaded Python).
"""

from __future__ import annotations

import sys
from _operator import length_hint  # `operator` is 20 times as long to import
from io import BytesIO
from itertools import repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

# Whether the objects below count in one step.
EXACT = sys.implementation.name in ("cpython", "pypy") and "t" not in getattr(sys, "abiflags", "")

_ALL = sys.maxsize  # of the steps by one: 30 years of them at 10 ns each
_START = sys.maxsize // 2 + 1  # no position is negative: steps may go back as far as this
FORWARD = 1  # the second argument of `add`


class StepCounter:
    """A count of steps: of one by `next(ones)`, of any integer by `add(n, FORWARD)`.

    `add` raises TypeError for what is no integer, and OverflowError for one that is too large.
    """

    __slots__ = ("_file", "_stood", "add", "ones")

    def __init__(self) -> None:
        self.ones: Iterator[None] = repeat(None, _ALL)
        self._file = BytesIO()
        self._stood = (_ALL, self._file.seek(_START))
        self.add: Callable[[Any, int], object] = self._file.seek

    def read(self) -> tuple[int, int]:
        """Return where the two objects stand, for `steps` and `set`."""
        return length_hint(self.ones), self._file.tell()

    def steps(self, stood: tuple[int, int]) -> int | None:
        """Return the steps from the last `set` to there; None where those are too many to be known.

        It changes nothing: what is not set is among the steps of the next call, too.
        """
        (left, position), (before, start) = stood, self._stood
        return before - left + position - start if position else None  # it stops at 0

    def set(self, stood: tuple[int, int]) -> None:
        """Let `steps` count from there on."""
        self._stood = stood
