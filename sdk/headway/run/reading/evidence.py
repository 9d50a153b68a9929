"""What proves a measure that is found in unknown output, and what refutes it.

Pure. A hypothesis is watched first: one number in a text can be anything. It is believed once it
has grown over as many lines as its form needs, lines that stand together or replace one another;
it is withdrawn as soon as it falls, or work goes on after its end. What was withdrawn too often
is never believed again. Work takes time: what grows over lines that come at once is a table. What
nothing in its line calls work may be a level: that rises by even steps from nothing, or is none.
"""

from __future__ import annotations

from headway.run.reading.measures import CERTAIN, NUMBER, Measure

WATCHED, BELIEVED, FULL, OVER, REFUTED = "watched", "believed", "full", "over", "refuted"
# What a line is to a hypothesis.
PROVED, GREW, STOOD, FILLED, FELL, OTHER = "proved", "grew", "stood", "filled", "fell", "other"
# What follows.
NOTHING, SHOW, WITHDRAW, CLOSE, RESTART = "nothing", "show", "withdraw", "close", "restart"

WITHDRAWALS = (
    2  # after which a hypothesis is refuted: a number that falls again and again is no count
)
# Seconds that a measure takes to grow before it is believed: a table is printed in less. Doubled, a
# bar is seen that much later; halved, a table is believed that a busy machine prints in two pieces.
LEAST_SECONDS = 0.25
EVEN = 0.1  # of a step: what even steps may be apart
ROUNDED = 0.5  # by which numbers were rounded, where steps are of five and more

# (state, line) -> (next state, what follows); a pair that is missing changes nothing.
MOVES = {
    (WATCHED, PROVED): (BELIEVED, SHOW),
    (WATCHED, FILLED): (FULL, SHOW),
    (BELIEVED, GREW): (BELIEVED, SHOW),
    (BELIEVED, STOOD): (BELIEVED, SHOW),
    (BELIEVED, FILLED): (FULL, SHOW),
    (BELIEVED, FELL): (WATCHED, WITHDRAW),
    (FULL, STOOD): (FULL, NOTHING),
    (FULL, FELL): (BELIEVED, RESTART),
    (FULL, OTHER): (OVER, CLOSE),
    (OVER, FELL): (BELIEVED, RESTART),
}
# What is drawn as a bar with its times may begin again at any time: a loop that was left early.
CERTAIN_MOVES = {**MOVES, (BELIEVED, FELL): (BELIEVED, RESTART)}


class Hypothesis:
    """The state of one measure: what was seen of it, and whether it is believed."""

    __slots__ = (
        "_came",
        "_even",
        "_first",
        "_moves",
        "_one_by_one",
        "_since",
        "_steps",
        "_streak",
        "_withdrawals",
        "done",
        "need",
        "state",
        "total",
    )

    def __init__(self, first: Measure) -> None:
        self.need = first.need
        self.state = WATCHED
        self.done = first.done
        self.total = first.total
        self._streak = 0
        self._first = first.done  # since it has fallen
        # It counts from its beginning, one by one: what else is printed in between refutes nothing.
        self._one_by_one = first.need == NUMBER and first.unit is None and first.done <= 1
        # Of what may be a level: whether it has come to where it is by even steps, from nothing.
        self._even = first.level
        self._steps = 0
        self._since: float | None = None  # when the streak began
        self._came: float | None = None  # when the last line of it came
        self._withdrawals = 0
        self._moves = CERTAIN_MOVES if first.need == CERTAIN else MOVES

    @property
    def open(self) -> bool:
        """Return whether it is believed and not at its end."""
        return self.state == BELIEVED

    def take(self, found: Measure, now: float | None = None) -> str:
        """Take the next line that speaks of this measure; return what follows.

        `now` is when it came; None where nobody knows.
        """
        self._came = now
        line = self._judge(found, now)
        self.done, self.total = found.done, found.total
        return self._move(line)

    def interrupt(self, *, drawn: bool) -> str:
        """Take another line; `drawn` tells that it was drawn over, and so stands nowhere."""
        if self.state == WATCHED and not drawn and not self._one_by_one:
            self._streak = 0  # what follows does not stand together with what was before
        return self._move(OTHER)

    def refute(self) -> None:
        """Never believe it again."""
        self.state = REFUTED

    def _judge(self, found: Measure, now: float | None) -> str:
        full = found.total is not None and found.done >= found.total
        if self.state == WATCHED:
            return self._watch(found, now, full=full)
        if found.done < self.done:
            return FELL
        if full and self.state != FULL:
            return FILLED
        return STOOD if found.done == self.done else GREW

    def _watch(self, found: Measure, now: float | None, *, full: bool) -> str:
        fell = found.done < self.done or found.total != self.total
        if fell:
            self._first = found.done
        self._even = self._even and not fell and self._steps_evenly(found)
        if not 0 <= found.done - self.done <= 1 or found.total != self.total:
            self._one_by_one = False
        if self._streak == 0 or fell:
            self._streak = 1
            self._since = now
        elif found.done > self.done:
            self._streak += 1
        if self._streak < self.need or self._came_at_once(now) or self._is_level(found):
            return STOOD
        return FILLED if full else PROVED

    def _steps_evenly(self, found: Measure) -> bool:
        """Return whether a line goes on as steps from nothing do that are all the same."""
        last = found.done - self.done
        if last == 0:
            return True
        self._steps += 1
        step = found.done / (self._steps + (self._first > 0))
        apart = max(EVEN * step, ROUNDED if step >= 5 else 0)
        return abs(last - step) <= 2 * apart and abs(self._first - step) <= (
            apart if self._first else step
        )

    def _is_level(self, found: Measure) -> bool:
        """Return whether a bare number may stand for how high something is, not for work done."""
        return found.level and not self._even

    def _came_at_once(self, now: float | None) -> bool:
        if self.need == CERTAIN or now is None or self._since is None:
            return False
        return now - self._since < LEAST_SECONDS

    def _move(self, line: str) -> str:
        self.state, follows = self._moves.get((self.state, line), (self.state, NOTHING))
        if follows == WITHDRAW:
            self.withdraw()
        return follows

    def withdraw(self) -> None:
        """Begin to watch anew."""
        self._streak = 1
        self._first = self.done
        self._one_by_one = False
        self._since = self._came  # what comes with the line that fell is a table, too
        self._withdrawals += 1
        self.state = REFUTED if self._withdrawals >= WITHDRAWALS else WATCHED
