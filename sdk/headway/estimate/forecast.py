"""One operation's forecast: observations and earlier runs in, estimates and progress out.

Pure: `now` is an argument, in seconds on one monotonic clock. Nothing here raises, whatever
the numbers are.
"""

from __future__ import annotations

from math import exp, isfinite, log, sqrt

from headway.estimate.analogue import Analogue
from headway.estimate.band import Calibration, Estimate, around, uncalibrated
from headway.estimate.cold import Cold
from headway.estimate.company import Company
from headway.estimate.course import INSIDE
from headway.estimate.history.habits import Habits
from headway.estimate.learning import Notes, complete, learn
from headway.estimate.stage import ENDED, WORKING, Stage
from headway.estimate.steady import Steady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Sequence

    from headway.estimate.history.run import Run

REMEMBERED = 10  # earlier runs that are looked at
DECAY = 0.85  # an older run weighs so much of the next newer one
FLOOR = 0.05  # what even the least alike run weighs
COLD_SHARE = 0.15  # in runs, what the estimate without history weighs beside it
STRANGE = 4.0  # squared steps of unlikeness, above which a run is unlike all before
WAITED = 0.25  # of the usual duration: having waited longer, age is not held against that
DEEPEST = 32  # stages inside each other that are told apart
SLACK = 0.05  # of the whole: by less than this progress does not go back
LARGEST = 1e15  # counts and seconds beyond this are cut


_UNTRIED = Calibration(())
# One for all in which no stage waits: most, and a set is 216 bytes.
_NOBODY: AbstractSet[str] = frozenset()


class Forecast:
    """What is known of one running operation. `history` is oldest first."""

    __slots__ = (
        "_analogues",
        "_anew",
        "_apart",
        "_begun",
        "_calibration",
        "_cold",
        "_company",
        "_finished",
        "_furthest",
        "_held",
        "_idle",
        "_ids",
        "_notes",
        "_now",
        "_prior",
        "_raw",
        "_raw_at",
        "_runs",
        "_stages",
        "_stale",
        "_steady",
        "_twins",
        "_unlike",
        "_until",
        "_waiting",
        "_weights",
        "_whole_waits",
    )

    def __init__(self, history: Sequence[Run] = (), prior: float | None = None) -> None:
        runs = [run for run in history if run.seconds is not None or run.spans][-REMEMBERED:]
        whole = [run for run in runs if run.seconds is not None]
        self._calibration = Calibration(whole) if whole else _UNTRIED
        runs = complete(runs)
        habits = Habits(runs)
        self._analogues = tuple(Analogue(run, habits) for run in runs)
        self._runs = tuple(runs)
        self._prior = prior
        self._company = Company()
        self._stages: dict[str, Stage] = {}
        self._ids: dict[int, Stage] = {}
        self._twins: dict[str, int] = {}  # how many there are of a name that there is twice
        self._begun: float | None = None
        self._now = 0.0
        self._stale = self._anew = True
        self._weights: Sequence[float] = ()
        self._unlike = 0.0
        self._apart = 0.0
        self._cold: Cold | None = None
        self._raw: float | None = None  # what `_compute` returned …
        self._raw_at: float | None = None  # … for this time
        self._steady = Steady()
        self._notes = Notes()
        self._finished: str | None = None
        self._furthest = 0.0
        self._until: float | None = None  # when what all of it waits for is over
        self._held: float | None = None  # since when all of it waits
        self._idle = 0.0  # seconds for which it did before
        self._whole_waits = False  # as told by `hold`
        self._waiting = _NOBODY  # keys of the stages that wait

    def start(self, now: float) -> None:
        """Say when the operation began."""
        if self._begun is None:
            self._begun = self._work(self._clock(now))

    def accompany(self, others: int, now: float) -> None:
        """Say how many other operations go on beside this one from now on."""
        self._company.take(others, self._clock(now))
        self._raw_at = None

    def hold(self, now: float, *, waiting: bool) -> None:
        """Say whether all of it waits: that is no work, so nothing is learned from it."""
        self._whole_waits = waiting
        self._stand(self._clock(now))

    def _stand(self, now: float) -> None:
        """Let its clock stand while nothing goes on but waiting."""
        waiting = self._whole_waits or (bool(self._waiting) and self._only_waits())
        if waiting and self._held is None:
            self._held = now
        elif not waiting and self._held is not None:
            self._idle += now - self._held
            self._held = None

    def _only_waits(self) -> bool:
        """Tell whether every stage that goes on has one inside it that waits."""
        return all(
            any(key.startswith(stage.key + INSIDE) for key in self._waiting)
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
    ) -> None:
        """Take in a stage's values. Call it whenever one has changed; parents come first."""
        at = self._clock(now)
        now = self._work(at)
        if self._begun is None:
            self._begun = now
        seen = self._ids.get(stage)
        if seen is None:
            seen = self._meet(stage, name, parent)
        was = seen.ended
        units = _number(done)
        size = _number(total)
        self._raw_at = None
        if state in WORKING:
            changed = seen.move(state, attempt, units, now)
            changed = seen.count(units, size, unit or "", now) or changed
        else:
            changed = seen.count(units, size, unit or "", now)
            changed = seen.move(state, attempt, units, now) or changed
        if state == "waiting":
            self._waiting |= {seen.key}
        elif seen.key in self._waiting:
            self._waiting -= {seen.key}
        if changed and (self._waiting or self._held is not None):
            self._stand(at)
        self._stale = self._stale or changed
        self._anew = self._anew or (was is not None and seen.ended != was)

    def wait(self, stage: int | None, until_remaining: Estimate | None, now: float) -> None:
        """Say how long what a waiting stage, or the whole (None), waits for will still take."""
        now = self._clock(now)
        left = None if until_remaining is None else _number(until_remaining.median)
        seen = None if stage is None else self._ids.get(stage)
        if stage is None:
            self._until = None if left is None else now + left
        elif seen is not None:
            seen.until = None if left is None else self._work(now) + left
        self._raw_at = None

    def estimate(self, now: float) -> Estimate | None:
        """Return the remaining seconds of the whole operation, or None where nothing is known."""
        now = self._clock(now)
        if self._finished is not None or self._begun is None:
            return None
        raw = self._compute(now)
        if raw is None:
            return None
        median = self._steady.take(raw, now, cold=not self._analogues)
        elapsed = self._work(now) - self._begun
        start = self._reach(median, raw)
        reach = start * self._calibration.factor(elapsed / max(1e-6, elapsed + median))
        low, high = around(median, reach)
        if self._held is None:
            self._notes.add(elapsed, median, start, reach)
        return Estimate(low, median, high, self._basis(), len(self._analogues))

    def stage_estimate(self, stage: int, now: float) -> Estimate | None:
        """Return the seconds of work that one open stage still takes, or None."""
        now = self._clock(now)
        seen = self._ids.get(stage)
        if seen is None or seen.state in ENDED or self._finished is not None:
            return None
        self._compute(now)
        now = self._work(now)
        total = weight = 0.0
        for analogue, w in zip(self._analogues, self._weights):
            left = analogue.stage_left(seen, now)
            if left is not None:
                total += w * log(left + 1)
                weight += w
        if weight:
            median, basis = exp(total / weight) - 1, self._basis()
        elif self._cold is not None and seen.began is not None and seen.fraction() > 0:
            found = self._cold.remaining.get(seen.key)
            if found is None:
                return None
            median, basis = found, "rate"
        else:
            return None
        worked = seen.worked(now)
        reach = self._reach(median, median)
        reach *= self._calibration.factor(worked / max(1e-6, worked + median))
        low, high = around(median, reach)
        return Estimate(low, median, high, basis, len(self._analogues) if weight else 0)

    def rest(self) -> None:
        """Let go of what was worked out for this moment: it is of no use in the next."""
        self._raw_at = self._cold = None

    def progress(self, now: float) -> float | None:
        """Return how far the operation is in time, 0…1; 1.0 only where all was completed."""
        now = self._clock(now)
        if self._finished == "completed":
            return 1.0
        if self._begun is None or not self._stages:
            return None
        self._compute(now)
        now = self._work(now)
        shares = weight = 0.0
        for analogue, w in zip(self._analogues, self._weights):
            share = analogue.passed(self._stages, now)
            if share is not None:
                shares += w * share
                weight += w
        share = shares / weight if weight else self._fractions()
        if share is None:
            return None
        share = min(0.999, max(0.0, share))
        # What was shown stands while it is only a little too far.
        if not self._furthest - SLACK <= share <= self._furthest:
            self._furthest = share
        return self._furthest

    def unlike(self) -> bool:
        """Tell whether this run is unlike every earlier one."""
        return bool(self._analogues) and self._unlike > STRANGE

    def usual(self) -> float | None:
        """Return how long the operation usually takes, in seconds.

        None where nobody knows, and where it has waited so long that its age says nothing.
        """
        known = sorted(run.seconds for run in self._runs if run.seconds is not None)
        if not known:
            return None
        half = len(known) // 2
        usual = known[half] if len(known) % 2 else (known[half - 1] + known[half]) / 2
        return usual if self._now - self._work(self._now) <= WAITED * usual else None

    def finish(self, state: str, now: float) -> Run | None:
        """Say how the operation ended; return what it teaches, or None if nothing."""
        now = self._work(self._clock(now))
        if self._begun is None or self._finished is not None:
            return None
        self._finished = state
        return learn(
            self._stages.values(),
            self._begun,
            now,
            whole=state == "completed",
            misses=self._notes.misses(now - self._begun),
            beside=self._company.mean(),
        )

    def _clock(self, now: float) -> float:
        """Let time only go forward, and only to where it can be."""
        try:
            now = float(now)
        except (TypeError, ValueError, OverflowError):
            return self._now
        if isfinite(now) and abs(now) < LARGEST and (now > self._now or self._begun is None):
            self._now = now
        return self._now

    def _work(self, now: float) -> float:
        """Return the time of a clock that stands still while all of it waits."""
        at = now if self._held is None else self._held
        return at - self._idle if self._idle else at  # the very object: stages keep it

    def _meet(self, stage: int, name: str, parent: int | None) -> Stage:
        over = None if parent is None else self._ids.get(parent)
        if over is not None and over.key.count(INSIDE) >= DEEPEST:
            over = over.parent  # keys are paths: what is deeper stands beside what it is in
        path = name if over is None else over.key + INSIDE + name
        key = path
        if path in self._stages:
            twin = self._twins[path] = self._twins.get(path, 1) + 1
            key = f"{path}\x1e{twin}"
        found = Stage(key, over)
        if over is not None:
            over.children += 1
        self._stages[key] = found
        self._ids[stage] = found
        self._stale = self._anew = True
        return found

    def _reach(self, median: float, raw: float) -> float:
        turn = abs(log((raw + 1) / (median + 1)))
        cold = self._cold.reach if self._cold is not None else 0.0
        return uncalibrated(len(self._analogues), cold, median, self._apart, turn, self._unlike)

    def _basis(self) -> str:
        if not self._analogues:
            return "rate"
        moving = any(
            stage.state in WORKING and stage.done > stage.origin for stage in self._stages.values()
        )
        return "history+rate" if moving else "history"

    def _compute(self, now: float) -> float | None:
        """Return the unsmoothed remaining seconds of the whole, or None."""
        if self._raw_at == now:
            return self._raw
        at, now = now, self._work(now)
        if self._stale:
            for analogue in self._analogues:
                analogue.refresh(self._stages, self._begun or 0.0, anew=self._anew)
            self._stale = self._anew = False
        self._cold = cold = Cold(self._stages.values(), now, self._prior)
        raw = self._mix(now, cold) if self._analogues else cold.whole
        if raw is not None:
            awaited = 0.0 if self._until is None else max(0.0, self._until - at)
            raw = min(LARGEST, max(0.02, raw + awaited))
        self._raw_at, self._raw = at, raw
        return raw

    def _mix(self, now: float, cold: Cold) -> float:
        newest = len(self._analogues) - 1
        logs: list[float] = []
        weights: list[float] = []
        least = -1.0
        for i, (run, analogue) in enumerate(zip(self._runs, self._analogues)):
            left, unlike = analogue.remaining(now, cold)
            logs.append(log(left + 1))
            apart = unlike + self._company.unlike(run.beside)
            weights.append(-apart / 2 + (newest - i) * log(DECAY))
            least = unlike if least < 0 else min(least, unlike)
        self._unlike = least
        best = max(weights)
        self._weights = weights = [exp(w - best) + FLOOR for w in weights]
        mean = sum(w * x for w, x in zip(weights, logs)) / sum(weights)
        self._apart = sqrt(sum(w * (x - mean) ** 2 for w, x in zip(weights, logs)) / sum(weights))
        share = COLD_SHARE / (COLD_SHARE + len(weights))
        if cold.whole is not None:
            mean += share * (log(cold.whole + 1) - mean)
        return exp(mean) - 1

    def _fractions(self) -> float | None:
        """Return the mean fraction of the outermost stages, or None where none is known."""
        inside: dict[str | None, list[float]] = {}
        known = False
        # Parents came first, so backwards every stage comes after all that is inside it.
        for key, stage in reversed(list(self._stages.items())):
            mine = inside.get(key)
            if stage.state in {"completed", "skipped"}:
                share, known = 1.0, True
            elif stage.total > 0 or mine is None:
                share, known = stage.fraction(), known or stage.total > 0
            else:
                share = sum(mine) / len(mine)
            parent = None if stage.parent is None else stage.parent.key
            inside.setdefault(parent, []).append(share)
        top = inside.get(None)
        return sum(top) / len(top) if known and top else None


def _number(value: float | None) -> float:
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
