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

from headway.plain_values import clean_count, is_beyond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

# Whether the objects below count in one step.
EXACT = sys.implementation.name in ("cpython", "pypy") and "t" not in getattr(sys, "abiflags", "")

_ALL = sys.maxsize  # of the steps by one: 30 years of them at 10 ns each
_START = sys.maxsize // 2 + 1  # no position is negative: steps may go back as far as this
# References to an attribute that nobody else has: its own, and the argument. PyPy counts none.
_OWN = 2
_references: Callable[[Any], int] = getattr(sys, "getrefcount", lambda _: _OWN + 1)
FORWARD = 1  # the second argument of `add`
PLAIN = (int, float, str)  # the built-in types that a step may be of


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

    @property
    def is_held(self) -> bool:
        """Return whether a thread may be within a step: somebody else has what counts it.

        Whoever asks has taken it from where `advance` finds it.
        """
        return _references(self.ones) > _OWN or _references(self.add) > _OWN

    def set(self, stood: tuple[int, int]) -> None:
        """Let `steps` count from there on."""
        self._stood = stood


def is_of_step(n: Any, error: Exception) -> bool:
    """Return whether the count of the step `n` has raised `error`, and not a signal's handler."""
    inner = error.__traceback__ and error.__traceback__.tb_next  # none of what is written in C
    if type(n) in PLAIN:
        return inner is None and type(error) in (StopIteration, TypeError, OverflowError)
    return inner is None or inner.tb_frame.f_code.co_name == "__index__"  # a stranger's


def add_steps(done: float, steps: list[Any]) -> float | None:
    """Return `done` and the steps that are numbers; None where that is too large."""
    # Numpy's narrow integers wrap, with a warning to the program's stderr: a sum of them is not
    # tried. A look at both ends of the list is all that a hot loop should pay for that.
    if type(steps[0]) in PLAIN and type(steps[-1]) in PLAIN:
        total: Any = None
        try:
            total = sum(steps)
        except Exception as error:
            if error.__traceback__ and error.__traceback__.tb_next:
                raise  # by a signal's handler: it is the program's
        if type(total) in PLAIN:
            total = clean_count(total)  # before it meets a float, which has no room for all
            result = None if total is None else clean_count(done + total)
            if result is not None:
                return result
    for step in steps:
        count = clean_count(step)
        if count is None:
            if is_beyond(step):
                return None
            continue
        found = clean_count(done + count)
        if found is None:
            return None
        done = found
    return done
