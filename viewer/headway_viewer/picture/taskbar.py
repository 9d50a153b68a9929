"""One progress for all that goes on in a terminal, for its tab and the taskbar (OSC 9;4).

Pure: `Taskbar` returns what to write. The shares of several operations count by their expected
durations; where one of these is unknown, so is the whole, and the terminal shows that something is
going on, but no number.
"""

from __future__ import annotations

from typing import Callable, Iterable, NamedTuple

from headway.estimate import Estimate
from headway.model import Operation
from headway.states import CRASHED, FAILED, WAITING

NORMAL, ERROR, INDETERMINATE, PAUSED = 1, 2, 3, 4
CLEAR = "\x1b]9;4;0\x1b\\"
INTERVAL = 0.5  # seconds between two values at least: a taskbar is seen from the corner of an eye
# Ghostty forgets a value after 15 s in which it does not come again, so that what was killed does
# not stay; a third of that survives a lost write.
KEEP_ALIVE = 5.0
MIN_DURATION = 0.5  # seconds an operation must last to be shown

Remaining = Callable[[Operation], "Estimate | None"]


class Value(NamedTuple):
    """What a taskbar shows: one of the four states, and per cent, which mean nothing in some."""

    state: int
    percent: int


class Taskbar:
    """The value of a terminal; the operations of a batch stay in it until all have ended.

    `value` is that of the last step.
    """

    def __init__(self) -> None:
        self.value: Value | None = None
        self._batch: set[str] = set()
        self._shown: Value | None = None
        self._written = float("-inf")

    def step(self, roots: Iterable[Operation], remaining: Remaining, now: float) -> str:
        """Return what to write now; `remaining` estimates an operation, counted down to `now`."""
        value = self.value = self._value(list(roots), remaining, now)
        passed = now - self._written
        if value is None:
            return self.clear()
        if value == self._shown and passed < KEEP_ALIVE:
            return ""
        if self._shown is not None and value.state == self._shown.state and passed < INTERVAL:
            return ""
        self._shown, self._written = value, now
        return f"\x1b]9;4;{value.state};{value.percent}\x1b\\"

    def clear(self) -> str:
        """Return what takes the value away; "" where none is shown."""
        shown, self._shown = self._shown, None
        return "" if shown is None else CLEAR

    def _value(self, roots: list[Operation], remaining: Remaining, now: float) -> Value | None:
        running = [one for one in roots if one.open and _lasted(one, now) >= MIN_DURATION]
        if not running:
            self._batch.clear()
            return None
        self._batch.update(one.id for one in running)
        members = [one for one in roots if one.id in self._batch]
        share = _fraction(members, remaining, now)
        percent = 0 if share is None else min(int(share * 100), 99)
        if any(one.state in (FAILED, CRASHED) for one in members):
            return Value(ERROR, 100 if share is None else percent)
        if all(one.state == WAITING for one in running):
            return Value(PAUSED, percent)
        return Value(INDETERMINATE, 0) if share is None else Value(NORMAL, percent)


def _fraction(members: list[Operation], remaining: Remaining, now: float) -> float | None:
    """Return how much of the expected time of all is done, from 0 to 1, or None."""
    if len(members) == 1:
        return members[0].progress
    done = whole = 0.0
    for one in members:
        lasted = _lasted(one, now)
        if not one.open:
            done, whole = done + lasted, whole + lasted
            continue
        left = remaining(one)
        if one.progress is None or left is None:
            return None
        expected = lasted + left[1]
        done, whole = done + expected * one.progress, whole + expected
    return done / whole if whole > 0 else None


def _lasted(operation: Operation, now: float) -> float:
    if operation.started is None:
        return 0.0
    return (now if operation.ended is None else operation.ended) - operation.started
