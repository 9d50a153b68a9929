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
    is expected to go on, where u is the share of the run and c is fitted, too: by least squares
    of the deviations after a stage on those before it, in the earlier runs and in this one;
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
are places in the earlier runs: their weighted middle is mixed with the above, by how well either
would have foretold the earlier runs.

Without history (`cold`, `rate`). A stage's own rate, mixed with the typical duration of the
stages seen by f: the further it is, the more its rate counts. The typical duration is a
geometric mean, shrunk towards a first guess. This estimate also enters the mix above: it weighs
by the share of the run that it has seen, history by the sum of exp(-D_i^2 / 2), so that it counts
the more the less history fits; at the beginning it counts nothing.

To this estimate a second one is added that knows which stages come: elapsed over progress, where
progress is the share of the earlier runs' time that is over. A run that is far slower than all of
them follows it, and the range always holds it.

Smoothing (`smoothing`). The foreseen finish stands within the noise of an estimate; beyond it, it
moves towards the mixed one, the faster the further that is off and the longer it has been.

Side by side (`history.sharing`). Stages that go on at a time have a pace of n^-s each; s is fitted
on the paces before and after the end of each stage, of the earlier runs and of this one.

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

from math import exp, log

from headway.estimate.history.run import Run
from headway.estimate.interval import Calibration, Estimate, interval
from headway.estimate.learning import Notes, complete, learn, so_far
from headway.estimate.mixture import LEADING, Mixture
from headway.estimate.observed import number
from headway.estimate.pace import LEAST_LEFT
from headway.estimate.progress import counted_fraction
from headway.estimate.smoothing import Smoother
from headway.estimate.stage import ENDED, WORKING
from headway.estimate.usual import usual_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from headway.estimate.usual import Usual

# Earlier runs that are looked at: older ones tell of other versions of the same work. The
# recordings have at most six runs an operation. A bound of cost:
# `test_of_very_many_earlier_runs_the_newest_ten_are_looked_at`.
REMEMBERED = 10
# Squared steps of distance to the most similar run from which on the run is said to be unlike
# all: two steps. It changes a remark, no estimate:
# `test_a_run_unlike_all_before_says_so_with_a_wide_range`.
UNLIKE_DISTANCE = 4.0
# Of the usual duration: after having waited longer, an operation is no longer called late for its
# age. It changes a remark, no estimate: `test_age_is_not_held_against_what_has_waited_long`.
WAITED_SHARE = 0.25
# Of the whole: progress does not go back by less than this, because a bar that goes back a little
# at every estimate cannot be read. It changes no estimate:
# `test_a_share_that_falls_a_little_stands`.
PROGRESS_SLACK = 0.05


_UNCALIBRATED = Calibration(())


class Forecast(Mixture):
    """What is known of one running operation. `history` is oldest first.

    `prior` is the typical duration of a stage on this machine, in seconds, or None.
    """

    __slots__ = (
        "_calibration",
        "_finished",
        "_furthest",
        "_notes",
        "_smoother",
        "_usual",
        "_work_told",
    )

    def __init__(self, history: Sequence[Run] = (), prior: float | None = None) -> None:
        runs = [run for run in history if run.seconds is not None or run.spans][-REMEMBERED:]
        whole = [run for run in runs if run.seconds is not None]
        super().__init__(complete(runs), prior)
        self._calibration = Calibration(whole) if whole else _UNCALIBRATED
        self._usual = usual_of([run.seconds for run in whole if run.seconds is not None])
        self._smoother = Smoother()
        self._notes = Notes()
        self._finished: str | None = None
        self._furthest = 0.0
        self._work_told: float | None = None  # what was left, without waits, while work went on

    def wait(self, stage: int | None, until_remaining: Estimate | None, now: float) -> None:
        """Say how long what a stage, or the whole (None), waits for is expected to take."""
        now = self._clock(now)
        usual = self._wait_ahead(now).median
        left = None if until_remaining is None else number(until_remaining.median)
        seen = None if stage is None else self._ids.get(stage)
        if stage is None:
            before = 0.0 if self._until is None else max(0.0, self._until - now)
            self._until = None if left is None else now + left
            self._smoother.shift((left or 0.0) - before)
        elif seen is not None:
            before = seen.awaited(self._work(now))
            seen.until = None if left is None else self._work(now) + left
            self._smoother.shift(seen.awaited(self._work(now)) - before)
        self._smoother.shift(self._wait_ahead(now).median - usual)
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
        median = self._smoother.smooth(raw, now, cold=not self._analogues)
        elapsed = self._work(now) - self._begun
        wait = self._wait_ahead(now)
        work = max(LEAST_LEFT, median - wait.median)
        start = self._half_width(median, raw)
        half_width = self._calibration.widened(start, elapsed / max(1e-6, elapsed + work))
        low, high = self._smoother.ends(*interval(work, half_width), work, now)
        by_share = self._by_share(elapsed)
        if by_share is not None:
            # Both are shown: the range is not to contradict the progress.
            low, high = min(low, by_share), max(high, by_share)
        if self._lately is not None:
            # A pace that has changed may go on or be over: the range holds both.
            low, high = min(low, self._lately), max(high, self._lately)
        if self._late is not None:
            # What is overdue may be far from its end; and where there is but the clock, how far
            # durations lie apart is all that is known, however wrong an earlier estimate was.
            by_clock = self._by_clock and self._judged is None
            high = self._late if by_clock else max(high, self._late)
            high = max(high, median)
        low, high = min(low + wait.low, median), max(high + wait.high, median)
        if self._held is None:
            self._notes.add(elapsed, work, start, half_width)
        return Estimate(low, median, high, self._basis(), len(self._analogues))

    def work_left(self, now: float) -> float | None:
        """Return the seconds left without those of waiting for others; not smoothed, or None."""
        now = self._clock(now)
        if self._finished is not None or self._begun is None:
            return None
        waiting = [(seen, seen.until) for seen in self._stages.values() if seen.until is not None]
        until, self._until = self._until, None
        waits, self._waits = self._waits, None
        for seen, _ in waiting:
            seen.until = None
        self._raw_at = None
        left = self._compute(now)
        self._until, self._waits, self._raw_at = until, waits, None
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
        half_width = self._calibration.widened(half_width, worked / max(1e-6, worked + median))
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
        share = self._share if self._stages else None  # before a stage is told of, none is behind
        if share is None and not self._whole and not self._untold:
            share = counted_fraction(self._stages, self._work(now))
        if self._judged is not None and not (share is not None and self._is_counted()):
            by_stages = self._judged.reached if share is None else share
            share = by_stages + self._judged.steady * (self._judged.reached - by_stages)
        if share is None:
            return None
        if self._whole and self._analogues:
            share = self._by_time(now, share)
        share = min(0.999, max(0.0, share))  # 100 % is for success alone
        # What was shown stands while it is only a little too far.
        if not self._furthest - PROGRESS_SLACK <= share <= self._furthest:
            self._furthest = share
        return self._furthest

    def _by_time(self, now: float, share: float) -> float:
        """Return the time that is over as a share of that and what is told to be left.

        Of a stage that takes longer than it did, the earlier runs' times know nothing: `share`, by
        those, stood at 95 % beside a count at a third of it. While all of it waits, it stands.
        """
        passed = self._work(self._now) - (self._begun or 0.0)
        left = self._smoother.left(now)
        if left is None:
            return share
        if self._held is None or self._work_told is None:
            awaited = 0.0 if self._until is None else max(0.0, self._until - now)
            awaited += self._wait_ahead(now).median
            self._work_told = max(LEAST_LEFT, left - awaited)
        return passed / max(1e-6, passed + self._work_told)

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
        late = max(at - now, 0.0) if self._held is None and number(now) == now else 0.0
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
            run.waits = dict(self._waits_by_key)
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
