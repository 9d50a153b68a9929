"""One operation's forecast: observations and earlier runs in, estimates and progress out.

Pure: `now` is an argument, in seconds on one monotonic clock. Nothing here raises, whatever
the numbers are.

The method answers one question: given what the stages have counted by now, how many seconds
remain? All averaging is done on ln(seconds + 1), so that half as long and twice as long are
equally wrong, and a second more or less does not matter.

Observations (`stage`, `history.curve`). Each stage gives state, done, total and unit. The time
in which everything waits is cut out of the clock. A stage keeps its count over its own working
time as a curve of few points, so that t(f) is when fraction f was reached.

History (`history.run`). A completed run i leaves for each stage its duration d, its size N, its
curve t(f), and the errors of the estimates that were given while it ran. A run that failed
leaves its completed stages.

Analogues (`analogue`). r_i is what remains if the rest goes as in run i, at our pace and size:
  - size:  x = ln(N / N_i) of each stage; a stage takes e^(b x) times as long, where b is its
    elasticity, fitted over the earlier runs;
  - speed: z = ln(our seconds / theirs) - b x of what is done; s = c sum(u z) / (sum(u) + 0.15)
    is expected to go on, where u is the share of the run and c is fitted, too;
  - an open stage that counts: ln k = w ln(our seconds / t) + (1 - w)(b x + s) with
    w = t / (t + d / 10) is its pace, k (d - t) what is left. Between two counts that counts
    down; when the next one is overdue it grows again;
  - an open stage that does not count: the median residual life of a log-logistic duration
    (`residual_life`) of median m = d e^(b x + s) after t seconds,
    m (1 + 2 (t/m)^a)^(1/a) - t, where a follows from how far its durations lie apart;
  - which of the two is believed, and how far, is fitted by predicting the earlier runs from
    each other (`history.trust`);
  - stages to come: the longest way through the order of run i (`critical_path`).

Mixing. ln(r + 1) = sum(w_i ln(r_i + 1)) / sum(w_i) with w_i = exp(-D_i^2 / 2) 0.85^age + 0.05:
a kernel regression over runs. D_i is how unlike run i is in size, speed and in how many
operations went on beside it (`concurrency`).

Hidden counts (`hidden_counts`). What the kernel counts of a command, and the lines that it prints,
are places in the earlier runs: their weighted median is mixed with the above, by how well either
would have foretold the earlier runs.

Without history (`cold`, `rate`). A stage's own rate, mixed with the typical duration of the
stages seen by f: the further it is, the more its rate counts. The typical duration is a
geometric mean, shrunk towards a first guess. This estimate also enters the mix above: it weighs
by the share of the run that it has seen, history by the sum of exp(-D_i^2 / 2), so that it counts
the more the less history fits; at the beginning it counts nothing.

Smoothing (`smoothing`). The foreseen finish moves towards the mixed one, the faster the
further it is off.

Range (`interval`). ln(low + 1), ln(high + 1) = ln(median + 1) -+ h q. The half width h comes
from how far the analogues disagree, how unlike the run is, and how much the estimate is
changing; q is the 0.8 quantile of |error| / h in earlier runs at a like phase, shrunk towards 1
by two runs. That is split conformal prediction with normalized residuals; the shrinking gives
up its guarantee for a sensible range after one run.

Sources. Predicting from the profile of a similar run instead of by linear extrapolation:
Coppa and Finocchi, "On data skewness, stragglers, and MapReduce progress indicators", 2015.
That no single estimator is robust, hence mixing: Koenig et al., "A statistical approach towards
robust progress estimation", 2011. Kernel regression: Nadaraya and Watson, 1964. Ranges: Vovk et
al., "Algorithmic learning in a random world", 2005. Durations of earlier runs: ninja (the last
run of each edge) and nix-output-monitor (medians of ten). Decay while a count is overdue:
indicatif. The rules of these programs and of tqdm, rich and Hadoop (elapsed over progress) are
scored beside this one by `scripts/bench eta`.

Measured on. tests/recordings/eta: real operations, recorded under load; docs/estimates.md says
what the bench shows and where the method ends. The constants descend from a prototype. Its
constants were set on recordings of thirteen other operations, of a second to a minute each,
which are not in this repository; to set them on half of those and test them on the other half
changed the error by next to nothing. Which of today's values were changed since, and on what,
is not recorded. What each does when it is doubled or halved is printed by `scripts/bench eta
--sweep`; the comments beside them tell it in words, of the recordings in this repository.
"""

from __future__ import annotations

from math import exp, isfinite, log, sqrt

from headway.estimate.analogue import Analogue
from headway.estimate.cold import ColdEstimate
from headway.estimate.concurrency import Concurrency
from headway.estimate.critical_path import KEY_SEPARATOR
from headway.estimate.hidden_counts import HiddenCounts
from headway.estimate.history.parameters import Parameters
from headway.estimate.interval import Calibration, Estimate, initial_half_width, interval
from headway.estimate.learning import Notes, complete, learn, so_far
from headway.estimate.smoothing import Smoother
from headway.estimate.stage import ENDED, WORKING, Stage
from headway.estimate.usual import usual_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import AbstractSet, Sequence

    from headway.estimate.hidden_counts import Judgement
    from headway.estimate.history.run import Run
    from headway.estimate.usual import Usual

# Earlier runs that are looked at: older ones tell of other versions of the same work. The
# recordings have at most six runs an operation: doubled or halved, no effect there.
REMEMBERED = 10
# Weight of a run relative to the next newer one. Doubled (older runs count more) a little worse,
# on `wheel-audit` most; halved: hardly worse on average, clearly on `sql-migrate`.
AGE_DECAY = 0.85
# Weight of even the least similar run, so that the mix never hangs on a single one. Doubled or
# halved: little effect.
LEAST_WEIGHT = 0.05
# In runs, the weight of the estimate without history at the end of a run, beside that with it; in
# proportion before. Doubled, it gains on short operations and loses on long ones.
COLD_WEIGHT = 0.15
# In runs, the weight of history however little it fits: a run that is unlike it is still of the
# same kind of work.
LEAST_FIT = 0.04
# Squared steps of distance to the most similar run from which on the run is said to be unlike
# all: two steps. It changes a remark, no estimate.
UNLIKE_DISTANCE = 4.0
# Of the usual duration: after having waited longer, an operation is no longer called late for its
# age. It changes a remark, no estimate.
WAITED_SHARE = 0.25
# Weight of the hidden counts from which on the estimate is said to rest on them. It changes a word,
# no estimate.
LEADING = 0.5
# Stages inside each other that are told apart: no real work nests as deep, and each level makes
# keys longer. Doubled or halved: no effect.
DEPTH_LIMIT = 32
# Of the whole: progress does not go back by less than this, because a bar that goes back a little
# at every estimate cannot be read. It changes no estimate.
PROGRESS_SLACK = 0.05
# Counts and seconds beyond this are cut: a bound for arithmetic. Doubled or halved: no effect.
LARGEST = 1e15


_UNCALIBRATED = Calibration(())
# One for all in which no stage waits: most, and a set is 216 bytes.
_NONE_WAITING: AbstractSet[str] = frozenset()


class Forecast:
    """What is known of one running operation. `history` is oldest first.

    `prior` is the typical duration of a stage on this machine, in seconds, or None.
    """

    __slots__ = (
        "_analogues",
        "_anew",
        "_apart",
        "_begun",
        "_calibration",
        "_cold",
        "_concurrency",
        "_distance",
        "_duplicates",
        "_finished",
        "_furthest",
        "_held",
        "_hidden",
        "_idle",
        "_ids",
        "_judged",
        "_notes",
        "_now",
        "_prior",
        "_raw",
        "_raw_at",
        "_runs",
        "_smoother",
        "_stages",
        "_stale",
        "_until",
        "_usual",
        "_waiting",
        "_weights",
        "_whole_waits",
    )

    def __init__(self, history: Sequence[Run] = (), prior: float | None = None) -> None:
        runs = [run for run in history if run.seconds is not None or run.spans][-REMEMBERED:]
        whole = [run for run in runs if run.seconds is not None]
        self._calibration = Calibration(whole) if whole else _UNCALIBRATED
        self._usual = usual_of([run.seconds for run in whole if run.seconds is not None])
        runs = complete(runs)
        parameters = Parameters(runs)
        self._analogues = tuple(Analogue(run, parameters) for run in runs)
        self._runs = tuple(runs)
        self._prior = prior
        self._concurrency = Concurrency()
        self._stages: dict[str, Stage] = {}
        self._ids: dict[int, Stage] = {}
        self._duplicates: dict[str, int] = {}  # how many there are of a name that there is twice
        self._begun: float | None = None
        self._now = 0.0
        self._stale = self._anew = True
        self._weights: Sequence[float] = ()
        self._distance = 0.0
        self._apart = 0.0
        self._cold: ColdEstimate | None = None
        self._raw: float | None = None  # what `_compute` returned …
        self._raw_at: float | None = None  # … for this time
        self._smoother = Smoother()
        self._notes = Notes()
        self._finished: str | None = None
        self._furthest = 0.0
        self._until: float | None = None  # when what all of it waits for is over
        self._held: float | None = None  # since when all of it waits
        self._idle = 0.0  # seconds for which it did before
        self._whole_waits = False  # as told by `hold`
        self._waiting = _NONE_WAITING  # keys of the stages that wait
        self._hidden: HiddenCounts | None = None  # until any is told: most never are
        self._judged: Judgement | None = None  # what they said last

    def start(self, now: float) -> None:
        """Say when the operation began."""
        if self._begun is None:
            self._begun = self._work(self._clock(now))

    def set_concurrency(self, others: int, now: float) -> None:
        """Say how many other operations go on beside this one from now on."""
        self._concurrency.take(others, self._clock(now))
        self._raw_at = None

    def hold(self, now: float, *, waiting: bool) -> None:
        """Say whether the whole operation waits: its clock then stands still."""
        self._whole_waits = waiting
        self._stop_clock(self._clock(now))

    def discount(self, seconds: float, now: float) -> None:
        """Say that nothing went on in the last `seconds`: what was observed then is from before."""
        now = self._clock(now)
        if self._held is None and self._begun is not None:
            self._idle += max(0.0, min(_number(seconds), self._work(now) - self._begun))
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
        elif not waiting and self._held is not None:
            self._idle += now - self._held
            self._held = None

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
    ) -> None:
        """Take a stage's values. Call it whenever one of them has changed; parents come first."""
        at = self._clock(now)
        now = self._work(at)
        if self._begun is None:
            self._begun = now
        seen = self._ids.get(stage)
        if seen is None:
            seen = self._add_stage(stage, name, parent)
        was = seen.ended
        units = _number(done)
        size = _number(total)
        self._raw_at = None
        if state in WORKING:
            changed = seen.move(state, attempt, units, now)
            changed = seen.count(units, size, unit or "", now) or changed
        else:
            changed = seen.count(units, size, unit or "", now, last=True)
            changed = seen.move(state, attempt, units, now) or changed
        seen.begin_from(_number(initial))
        if state == "waiting":
            self._waiting |= {seen.key}
        elif seen.key in self._waiting:
            self._waiting -= {seen.key}
        if changed and (self._waiting or self._held is not None):
            self._stop_clock(at)
        self._stale = self._stale or changed
        self._anew = self._anew or (was is not None and seen.ended != was)

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

    def wait(self, stage: int | None, until_remaining: Estimate | None, now: float) -> None:
        """Say how long what a stage, or the whole (None), waits for is expected to take."""
        now = self._clock(now)
        left = None if until_remaining is None else _number(until_remaining.median)
        seen = None if stage is None else self._ids.get(stage)
        if stage is None:
            before = 0.0 if self._until is None else max(0.0, self._until - now)
            self._until = None if left is None else now + left
            self._smoother.shift((left or 0.0) - before)
        elif seen is not None:
            before = seen.awaited(self._work(now))
            seen.until = None if left is None else self._work(now) + left
            self._smoother.shift(seen.awaited(self._work(now)) - before)
        self._raw_at = None

    def estimate(self, now: float) -> Estimate | None:
        """Return the remaining seconds of the whole operation, or None where nothing is known."""
        now = self._clock(now)
        if self._finished is not None or self._begun is None:
            return None
        raw = self._compute(now)
        if raw is None:
            if self._held is None:
                self._notes.add_none(self._work(now) - self._begun)
            return None
        median = self._smoother.take(raw, now, cold=not self._analogues)
        elapsed = self._work(now) - self._begun
        start = self._half_width(median, raw)
        half_width = start * self._calibration.factor(elapsed / max(1e-6, elapsed + median))
        low, high = interval(median, half_width)
        if self._held is None:
            self._notes.add(elapsed, median, start, half_width)
        return Estimate(low, median, high, self._basis(), len(self._analogues))

    def work_left(self, now: float) -> float | None:
        """Return the seconds left without those of waiting for others; not smoothed, or None."""
        now = self._clock(now)
        if self._finished is not None or self._begun is None:
            return None
        waiting = [(seen, seen.until) for seen in self._stages.values() if seen.until is not None]
        until, self._until = self._until, None
        for seen, _ in waiting:
            seen.until = None
        self._raw_at = None
        left = self._compute(now)
        self._until, self._raw_at = until, None
        for seen, moment in waiting:
            seen.until = moment
        return left

    def stage_estimate(self, stage: int, now: float) -> Estimate | None:
        """Return the seconds of work that one open stage still takes, or None."""
        now = self._clock(now)
        seen = self._ids.get(stage)
        if seen is None or seen.state in ENDED or self._finished is not None:
            return None
        self._compute(now)
        if self._judged is not None and self._judged.trust >= LEADING and self._is_all(seen):
            return self.estimate(now)
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
        half_width = self._half_width(median, median)
        half_width *= self._calibration.factor(worked / max(1e-6, worked + median))
        low, high = interval(median, half_width)
        return Estimate(low, median, high, basis, len(self._analogues) if weight else 0)

    def forget(self) -> None:
        """Drop what was computed for the last moment; it is of no use for the next."""
        self._raw_at = self._cold = None

    def progress(self, now: float) -> float | None:
        """Return the share of the expected time that is over, 0…1; 1.0 only once completed."""
        now = self._clock(now)
        if self._finished == "completed":
            return 1.0
        if self._begun is None:
            return None
        self._compute(now)
        if not self._stages and self._judged is None:
            return None
        now = self._work(now)
        shares = weight = 0.0
        for analogue, w in zip(self._analogues, self._weights):
            share = analogue.passed(self._stages, now)
            if share is not None:
                shares += w * share
                weight += w
        share = shares / weight if weight else self._fractions()
        if self._judged is not None:
            by_stages = self._judged.reached if share is None else share
            share = by_stages + self._judged.trust * (self._judged.reached - by_stages)
        if share is None:
            return None
        share = min(0.999, max(0.0, share))
        # What was shown stands while it is only a little too far.
        if not self._furthest - PROGRESS_SLACK <= share <= self._furthest:
            self._furthest = share
        return self._furthest

    def unlike(self) -> bool:
        """Return whether this run is unlike every earlier one."""
        return bool(self._analogues) and self._distance > UNLIKE_DISTANCE

    def usual(self) -> Usual | None:
        """Return what earlier runs took, in seconds; None where there are none."""
        return self._usual

    def waited_long(self) -> bool:
        """Return whether this run has waited so long that its age says nothing beside others'."""
        usual = self._usual
        return usual is not None and self._waited() > WAITED_SHARE * usual.median

    def finish(self, state: str, now: float) -> Run | None:
        """Say how the operation ended; return the run that it teaches, or None.

        An end may be heard of late, after estimates for later times: the run is as long as it was.
        """
        at = self._clock(now)
        if self._begun is None or self._finished is not None:
            return None
        late = max(at - now, 0.0) if self._held is None and _number(now) == now else 0.0
        now = max(self._work(at) - late, self._begun)
        self._finished = state
        hidden = self._hidden
        run = learn(
            self._stages.values(),
            self._begun,
            now,
            whole=state == "completed",
            misses=self._notes.misses(now - self._begun),
            beside=self._concurrency.mean(),
            work=None if hidden is None else hidden.record(now - self._begun),
            waited=self._waited(),
        )
        if run is not None:
            run.known, run.untold = len(self._analogues), self._notes.untold()
        return run

    def so_far(self, now: float) -> tuple[Run, list[str]] | None:
        """Return what this run has taken until now, and the keys of its open stages.

        None before it has begun.
        """
        now = self._clock(now)
        if self._begun is None:
            return None
        at = self._work(now)
        stages = self._stages.values()
        going = [stage.key for stage in stages if stage.state in WORKING]
        return so_far(stages, self._begun, at, self._concurrency.mean(), self._waited()), going

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

    def _half_width(self, median: float, raw: float) -> float:
        turn = abs(log((raw + 1) / (median + 1)))
        cold = self._cold.half_width if self._cold is not None else 0.0
        return initial_half_width(
            len(self._analogues), cold, median, self._apart, turn, self._distance
        )

    def _basis(self) -> str:
        if not self._analogues:
            return "rate"
        if self._judged is not None and self._judged.trust >= LEADING:
            return self._judged.basis
        return "history+rate" if self._counts() else "history"

    def _counts(self) -> bool:
        """Return whether a running stage has counted anything."""
        return any(
            stage.state in WORKING and stage.done > stage.origin for stage in self._stages.values()
        )

    def _is_all(self, stage: Stage) -> bool:
        """Return whether a stage is the only outermost one: what is left of the whole is its."""
        return stage.parent is None and not any(
            other.parent is None and other is not stage for other in self._stages.values()
        )

    def _compute(self, now: float) -> float | None:
        """Return the unsmoothed remaining seconds of the whole, or None."""
        if self._raw_at == now:
            return self._raw
        at, now = now, self._work(now)
        if self._stale:
            for analogue in self._analogues:
                analogue.refresh(self._stages, self._begun or 0.0, anew=self._anew)
            self._stale = self._anew = False
        self._cold = cold = ColdEstimate(self._stages.values(), now, self._prior)
        raw = self._mix(now, cold) if self._analogues else cold.whole
        if raw is not None:
            awaited = 0.0 if self._until is None else max(0.0, self._until - at)
            raw = min(LARGEST, max(0.02, raw + awaited))
        self._raw_at, self._raw = at, raw
        return raw

    def _mix(self, now: float, cold: ColdEstimate) -> float:
        newest = len(self._analogues) - 1
        logs: list[float] = []
        weights: list[float] = []
        least = -1.0
        for i, (run, analogue) in enumerate(zip(self._runs, self._analogues)):
            left, distance = analogue.remaining(now, cold)
            logs.append(log(left + 1))
            apart = distance + self._concurrency.distance(run.beside)
            weights.append(-apart / 2 + (newest - i) * log(AGE_DECAY))
            least = distance if least < 0 else min(least, distance)
        self._distance = least
        best = max(weights)
        fit = sum(exp(max(w, -50.0)) for w in weights)  # in runs
        self._weights = weights = [exp(w - best) + LEAST_WEIGHT for w in weights]
        mean = sum(w * x for w, x in zip(weights, logs)) / sum(weights)
        self._apart = sqrt(sum(w * (x - mean) ** 2 for w, x in zip(weights, logs)) / sum(weights))
        if cold.whole is not None and self._begun is not None:
            # What is known without history weighs by how much of this run it has seen, history by
            # how many runs it has and how well they fit: at the beginning, history alone.
            elapsed = max(0.0, now - self._begun)
            seen = COLD_WEIGHT * elapsed / max(1e-6, elapsed + cold.whole)
            share = seen / (seen + fit + LEAST_FIT)
            mean += share * (log(cold.whole + 1) - mean)
        return exp(self._mix_hidden(now, mean)) - 1

    def _mix_hidden(self, now: float, mean: float) -> float:
        """Return the logarithm of what is left, `mean` by the stages, with the hidden counts."""
        if self._hidden is None or self._begun is None:
            return mean
        elapsed = now - self._begun
        judged = self._hidden.judge(elapsed, self._weights, counts=self._counts())
        self._judged = judged
        if judged is None:
            return mean
        self._apart += judged.trust * (judged.apart - self._apart)
        self._distance += judged.trust * (judged.distance - self._distance)
        return mean + judged.trust * (log(judged.left + 1) - mean)

    def _fractions(self) -> float | None:
        """Return the fraction of the only outermost stage, or None where there are others.

        How much of the whole each of several is, only earlier runs can tell, and those that have
        been seen need not be all. Where all count one unit to known totals, the counts can tell.
        """
        outermost = [stage for stage in self._stages.values() if stage.parent is None]
        if len(outermost) > 1:
            return _shared_unit(outermost)
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


def _shared_unit(stages: Sequence[Stage]) -> float | None:
    """Return done over total of stages that all count one unit; None where they do not."""
    units = {stage.unit for stage in stages}
    if len(units) > 1 or units & {"", "%"} or not all(stage.total > 0 for stage in stages):
        return None
    done = sum(stage.total * stage.fraction() for stage in stages)
    return done / sum(stage.total for stage in stages)


def _count(value: float | None) -> float | None:
    return None if value is None else _number(value)


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
