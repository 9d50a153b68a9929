"""What was observed of a running operation: its stages, its clock, its hidden counts.

The clock stands still while all of it waits. Nothing here raises, whatever the numbers are.
"""

from __future__ import annotations

from math import isfinite

from headway.estimate.hidden_counts import HiddenCounts
from headway.estimate.history.span import KEY_SEPARATOR
from headway.estimate.stage import WORKING, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Mapping, Sequence

    from headway.estimate.history.run import Run

# Stages inside each other that are told apart: no real work nests as deep, and each level makes
# keys longer. A guard:
# `test_what_is_nested_deeper_than_the_deepest_stands_beside_it_for_the_forecast`.
DEPTH_LIMIT = 32
# Counts and seconds beyond this are cut: a bound for arithmetic.
# A guard: `test_no_observation_makes_it_raise_or_give_nonsense`.
LARGEST = 1e15
# One for all in which no stage waits: most, and a set is 216 bytes.
_NONE_WAITING: AbstractSet[str] = frozenset()
_NO_WAITS: Mapping[str, float] = {}  # one for all that have not waited


class Observed:
    """What is told of one operation; `runs` are the earlier ones, oldest first."""

    __slots__ = (
        "_anew",
        "_begun",
        "_duplicates",
        "_held",
        "_held_by",
        "_hidden",
        "_idle",
        "_ids",
        "_now",
        "_raw_at",
        "_runs",
        "_stages",
        "_stale",
        "_untold",
        "_waiting",
        "_waits_by_key",
        "_whole_waits",
    )

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = tuple(runs)
        self._stages: dict[str, Stage] = {}
        self._ids: dict[int, Stage] = {}
        self._duplicates: dict[str, int] = {}  # how many there are of a name that there is twice
        self._begun: float | None = None
        self._now = 0.0
        self._stale = self._anew = True  # of what analogues were told; there is a new stage
        self._raw_at: float | None = None  # for when the last estimate was made; None: it is stale
        self._held: float | None = None  # since when all of it waits
        self._held_by = ""  # key of the stage that it waits for then; "": the whole
        self._idle = 0.0  # seconds for which it did before
        self._whole_waits = False  # as told by `hold`
        self._waiting = _NONE_WAITING  # keys of the stages that wait
        self._waits_by_key = _NO_WAITS  # of each stage, for how long nothing went on but its wait
        self._untold = False  # stages come that nobody has told of
        self._hidden: HiddenCounts | None = None  # until any is told: most never are

    def start(self, now: float) -> None:
        """Say when the operation began."""
        if self._begun is None:
            self._begun = self._work(self._clock(now))

    def expect(self, *, untold: bool) -> None:
        """Say whether stages come that nobody has told of: those seen are then no whole."""
        if untold != self._untold:
            self._untold = untold
            self._raw_at = None

    def hold(self, now: float, *, waiting: bool) -> None:
        """Say whether the whole operation waits: its clock then stands still."""
        self._whole_waits = waiting
        self._stop_clock(self._clock(now))

    def discount(self, seconds: float, now: float) -> None:
        """Say that nothing went on in the last `seconds`: what was observed then is from before."""
        now = self._clock(now)
        if self._held is None and self._begun is not None:
            self._idle += max(0.0, min(number(seconds), self._work(now) - self._begun))
            self._raw_at = None
            for stage in self._stages.values():
                stage.rewind(self._work(now))
            if self._hidden is not None:
                self._hidden.rewind(self._work(now) - self._begun)

    def _stop_clock(self, now: float) -> None:
        """Stop its clock while nothing goes on but waiting."""
        waiting = self._whole_waits or (bool(self._waiting) and self._only_waits())
        if waiting and self._held is None:
            self._held = now
            self._held_by = min(self._waiting, default="")
        elif not waiting and self._held is not None:
            lasted = now - self._held
            self._idle += lasted
            self._held = None
            if self._held_by:
                before = self._waits_by_key.get(self._held_by, 0.0)
                self._waits_by_key = {**self._waits_by_key, self._held_by: before + lasted}

    def _only_waits(self) -> bool:
        """Return whether every running stage has one inside it that waits."""
        return all(
            any(key.startswith(stage.key + KEY_SEPARATOR) for key in self._waiting)
            for stage in self._stages.values()
            if stage.state == "running"
        )

    def observe(
        self,
        stage: int,
        name: str,
        parent: int | None,
        state: str,
        done: float,
        total: float | None,
        unit: str | None,
        now: float,
        attempt: int = 1,
        initial: float = 0,
        since: float | None = None,
    ) -> None:
        """Take a stage's values. Call it whenever one of them has changed; parents come first.

        `since` is when it first began, where that is known: it may be told of later.
        """
        at = self._clock(now)
        now = self._work(at)
        begun = self._begun
        if begun is None:
            begun = self._begun = now
        seen = self._ids.get(stage)
        if seen is None:
            seen = self._add_stage(stage, name, parent)
        was = seen.ended
        units = number(done)
        size = number(total)
        self._raw_at = None
        if state in WORKING:
            changed = False
            if since is not None and seen.began is None:
                began = self._work(min(number(since), at))
                changed = seen.move("running", attempt, number(initial), max(began, begun))
            changed = seen.move(state, attempt, units, now) or changed
            changed = seen.count(units, size, unit or "", now) or changed
        else:
            changed = seen.count(units, size, unit or "", now, last=True)
            changed = seen.move(state, attempt, units, now) or changed
        seen.begin_from(number(initial))
        if state == "waiting":
            self._waiting |= {seen.key}
        elif seen.key in self._waiting:
            self._waiting -= {seen.key}
        if changed and (self._waiting or self._held is not None):
            self._stop_clock(at)
        self._stale = self._stale or changed
        self._anew = self._anew or (was is not None and seen.ended != was)

    def foretell(self, stage: int, left: float | None, now: float) -> None:
        """Say how long a stage still takes by a forecast of its own; None: by its count alone."""
        seen = self._ids.get(stage)
        if seen is not None:
            at = self._work(self._clock(now))
            seen.foretold = None if left is None else at + number(left)
            self._raw_at = None

    def set_beside(self, stage: int, units: float) -> None:
        """Say how many units of a stage are done of those that are not counted yet."""
        seen = self._ids.get(stage)
        if seen is not None:
            seen.beside = number(units)
            self._raw_at = None

    def take_work(
        self,
        now: float,
        cpu: float | None,
        read: float | None,
        written: float | None,
        lines: Sequence[int] = (),
    ) -> None:
        """Take a sample of the hidden counts: seconds and bytes since the beginning, None: unknown.

        `lines` are hashes of the lines that were printed since the last sample.
        """
        at = self._work(self._clock(now))
        if self._begun is None:
            self._begun = at
        if self._hidden is None:
            self._hidden = HiddenCounts(self._runs)
        self._hidden.take(at - self._begun, _count(cpu), _count(read), _count(written), lines)
        self._raw_at = None

    def _waited(self) -> float:
        """Return the seconds in which nothing went on but waiting."""
        return self._idle + (0.0 if self._held is None else max(0.0, self._now - self._held))

    def _clock(self, now: float) -> float:
        """Return `now`, never before the last time seen nor out of bounds."""
        try:
            now = float(now)
        except (TypeError, ValueError, OverflowError):
            return self._now
        if isfinite(now) and abs(now) < LARGEST and (now > self._now or self._begun is None):
            self._now = now
        return self._now

    def _work(self, now: float) -> float:
        """Return the time of a clock that stands still while everything waits."""
        at = now if self._held is None else self._held
        return at - self._idle if self._idle else at  # the very object: stages keep it

    def _add_stage(self, stage: int, name: str, parent: int | None) -> Stage:
        over = None if parent is None else self._ids.get(parent)
        if over is not None and over.key.count(KEY_SEPARATOR) >= DEPTH_LIMIT:
            over = over.parent  # keys are paths: what is deeper stands beside what it is in
        path = name if over is None else over.key + KEY_SEPARATOR + name
        key = path
        if path in self._stages:
            copies = self._duplicates[path] = self._duplicates.get(path, 1) + 1
            key = f"{path}\x1e{copies}"
        found = Stage(key, over)
        if over is not None:
            over.children += 1
        self._stages[key] = found
        self._ids[stage] = found
        self._stale = self._anew = True
        return found

    def _counts(self) -> bool:
        """Return whether a running stage has counted anything."""
        return any(
            stage.state in WORKING and stage.done > stage.origin for stage in self._stages.values()
        )

    def _counts_all(self) -> bool:
        """Return whether counts tell of all that goes on: of each stage, or of one inside it.

        What one process of a command counts is a part of what its stage around all of them does.
        """
        counting: set[str] = set()
        for stage in self._stages.values():
            if stage.state in WORKING and stage.done > stage.origin:
                around: Stage | None = stage
                while around is not None and around.key not in counting:
                    counting.add(around.key)
                    around = around.parent
        return bool(counting) and all(
            stage.key in counting
            for stage in self._stages.values()
            if stage.parent is None and stage.state in WORKING
        )

    def _is_all(self, stage: Stage) -> bool:
        """Return whether a stage is the only outermost one: what is left of the whole is its."""
        return stage.parent is None and not any(
            other.parent is None and other is not stage for other in self._stages.values()
        )


def _count(value: float | None) -> float | None:
    return None if value is None else number(value)


def number(value: float | None) -> float:
    """Return a count from 0 to `LARGEST`; what is not a number counts 0."""
    if isinstance(value, (float, int)) and 0 <= value <= LARGEST:
        return value  # the very object: there may be one for every stage
    try:
        number = float(value) if value is not None else 0.0
    except (TypeError, ValueError):
        return 0.0
    except OverflowError:
        return LARGEST
    if number != number or number < 0:  # noqa: PLR0124 - not a number
        return 0.0
    return min(number, LARGEST)
