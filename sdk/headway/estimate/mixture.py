"""Mixing: analogues, the estimate without history and hidden counts become one number."""

from __future__ import annotations

from math import exp, inf, log, sqrt

from headway.estimate.analogues.analogue import Analogue
from headway.estimate.cold.cold import ColdEstimate
from headway.estimate.concurrency import Concurrency
from headway.estimate.history.parameters import Parameters
from headway.estimate.history.sharing import LANES_LIMIT, Lanes, Track, evidence, shared
from headway.estimate.history.waits import NONE, Waits
from headway.estimate.interval import initial_half_width
from headway.estimate.observed import LARGEST, Observed
from headway.estimate.pace import LEAST_LEFT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from headway.estimate.hidden_counts import Judgement
    from headway.estimate.history.run import Run
    from headway.estimate.history.waits import Wait
    from headway.estimate.stage import Stage

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
# Weight of the hidden counts from which on the estimate is said to rest on them. It changes a word,
# no estimate.
# Held by `test_lines_that_are_all_at_the_beginning_are_not_believed`.
LEADING = 0.5
# Share of the earlier runs' time that has to be over before the rest is taken to go at the pace so
# far: what has just begun has none. Doubled or halved: not measured.
LEAST_SHARE = 0.1
# Of the time since it began, after which it is looked at again what its stages share: what goes on
# since the last end tells it. A bound of cost. Taken away, so that it is never looked at again,
# ranges without history hold .003 less often.
LANES_EVERY = 0.05


class Mixture(Observed):
    """What is observed, held against each earlier run."""

    __slots__ = (
        "_analogues",
        "_apart",
        "_by_clock",
        "_cold",
        "_concurrency",
        "_distance",
        "_judged",
        "_lanes",
        "_lanes_until",
        "_late",
        "_lately",
        "_prior",
        "_raw",
        "_share",
        "_sharing",
        "_until",
        "_waits",
        "_weights",
        "_whole",
    )

    def __init__(self, runs: Sequence[Run], prior: float | None) -> None:
        super().__init__(runs)
        parameters = Parameters(runs)
        self._analogues = tuple(Analogue(run, parameters) for run in runs)
        # Whether a whole is known: runs that were all cut short tell nothing of what comes after.
        self._whole = any(run.seconds is not None for run in runs)
        self._prior = prior
        self._sharing = parameters.sharing_sums
        self._lanes: Lanes | None = None  # of stages that go on side by side
        self._lanes_until = 0.0  # when they are to be looked at again
        self._concurrency = Concurrency()
        self._waits: Waits | None = Waits(runs) or None
        self._weights: Sequence[float] = ()
        self._distance = 0.0
        self._apart = 0.0
        self._by_clock = False  # usual durations are all there is
        self._late: float | None = None  # as `_raw`, if all that is overdue is later than most
        self._lately: float | None = None  # as `_raw`, if stages went on as of late alone
        self._cold: ColdEstimate | None = None
        self._raw: float | None = None  # what `_compute` returned for `_raw_at`
        self._share: float | None = None  # of the earlier runs' time that is over, by the stages
        self._until: float | None = None  # when what all of it waits for is over
        self._judged: Judgement | None = None  # what the hidden counts said last

    def set_concurrency(self, others: int, now: float) -> None:
        """Say how many other operations go on beside this one from now on."""
        self._concurrency.take(others, self._clock(now))
        self._raw_at = None

    def _compute(self, now: float) -> float | None:
        """Return the unsmoothed remaining seconds of the whole, or None."""
        if self._raw_at == now:
            return self._raw
        at, now = now, self._work(now)
        if self._stale:
            for analogue in self._analogues:
                analogue.refresh(self._stages, self._begun or 0.0, anew=self._anew)
            self._stale = self._anew = False
            self._lanes_until = now
        if now >= self._lanes_until:
            self._lanes = self._side_by_side(now)
            self._lanes_until = now + LANES_EVERY * (now - (self._begun or 0.0))
        lanes = self._lanes
        self._cold = cold = ColdEstimate(self._stages.values(), now, self._prior, lanes)
        alone = None if self._untold else cold.whole
        raw = self._mix(now, cold) if self._analogues else alone
        if raw is not None:
            awaited = 0.0 if self._until is None else max(0.0, self._until - at)
            awaited += self._wait_ahead(at).median
            raw = min(LARGEST, max(LEAST_LEFT, raw + awaited))
        self._raw_at, self._raw = at, raw
        return raw

    def _side_by_side(self, now: float) -> Lanes | None:
        """Return how many stages go on at a time; None where never more than one does."""
        stages = [stage for stage in self._stages.values() if not stage.children]
        going = sum(stage.state == "running" for stage in stages)
        if not 1 < len(stages) <= LANES_LIMIT or going < 2:
            return None
        agree, size = evidence(_track(stage, now) for stage in stages)
        share = shared(self._sharing[0] + agree, self._sharing[1] + size)
        began = ((stage.began, inf if stage.ended is None else stage.ended) for stage in stages)
        return Lanes(((start, end) for start, end in began if start is not None), share)

    def _wait_ahead(self, now: float) -> Wait:
        """Return the waiting still to come that nobody has told the length of."""
        if self._waits is None:
            return NONE
        waits, lasted = None, 0.0
        if self._held is not None:
            waits, lasted = self._held_by, max(0.0, now - self._held)
            stage = self._stages.get(waits)
            if self._until is not None or (stage is not None and stage.until is not None):
                waits = None
        return self._waits.ahead(self._is_to_come, waits, lasted)

    def _is_to_come(self, key: str) -> bool:
        stage = self._stages.get(key)
        return stage is None or (stage.began is None and stage.ended is None)

    def _mix(self, now: float, cold: ColdEstimate) -> float:
        newest = len(self._analogues) - 1
        logs: list[float] = []
        lately: list[float] = []
        late: list[float] = []
        weights: list[float] = []
        least = -1.0
        for i, (run, analogue) in enumerate(zip(self._runs, self._analogues)):
            left, distance = analogue.remaining(now, cold, self._lanes)
            logs.append(log(left + 1))
            lately.append(log(analogue.lately + 1))
            late.append(log(analogue.late + 1))
            apart = distance + self._concurrency.distance(run.beside)
            weights.append(-apart / 2 + (newest - i) * log(AGE_DECAY))
            least = distance if least < 0 else min(least, distance)
        self._distance = least
        best = max(weights)
        fit = sum(exp(max(w, -50.0)) for w in weights)  # in runs
        self._weights = weights = [exp(w - best) + LEAST_WEIGHT for w in weights]
        mean = sum(w * x for w, x in zip(weights, logs)) / sum(weights)
        self._lately = exp(sum(w * x for w, x in zip(weights, lately)) / sum(weights)) - 1
        self._late = exp(sum(w * x for w, x in zip(weights, late)) / sum(weights)) - 1
        self._by_clock = all(analogue.by_clock for analogue in self._analogues)
        self._apart = sqrt(sum(w * (x - mean) ** 2 for w, x in zip(weights, logs)) / sum(weights))
        self._share = self._share_passed(now)
        if cold.whole is not None and self._begun is not None:
            # What is known without history weighs by how much of this run it has seen, history by
            # how many runs it has and how well they fit: at the beginning, history alone.
            elapsed = max(0.0, now - self._begun)
            alone = cold.whole
            by_share = self._by_share(elapsed)
            if by_share is not None:
                alone = sqrt((alone + 1) * (by_share + 1)) - 1
            seen = COLD_WEIGHT * elapsed / max(1e-6, elapsed + alone)
            share = seen / (seen + fit + LEAST_FIT)
            mean += share * (log(alone + 1) - mean)
        return exp(self._mix_hidden(now, mean)) - 1

    def _by_share(self, elapsed: float) -> float | None:
        """Return the seconds left if the rest goes at the pace so far; None where it is unknown.

        The rest is what the earlier runs had left: this run alone need not know of its stages.
        """
        if self._share is None or self._share < LEAST_SHARE:
            return None
        return elapsed * (1 - self._share) / self._share

    def _share_passed(self, now: float) -> float | None:
        """Return the share of the work that is done by the earlier runs, or None.

        Of what no run has come to the end of, nobody knows how much is to come.
        """
        if not self._whole:
            return None
        shares = weight = 0.0
        for analogue, w in zip(self._analogues, self._weights):
            share = analogue.passed(self._stages, now)
            if share is not None:
                shares += w * share
                weight += w
        return shares / weight if weight else None

    def _is_counted(self) -> bool:
        """Return whether most of the earlier runs' time was spent in stages that count.

        That does not change while this run goes on.
        """
        counted = sum(w * one.counted for one, w in zip(self._analogues, self._weights))
        return 2 * counted >= sum(self._weights)

    def _mix_hidden(self, now: float, mean: float) -> float:
        """Return the logarithm of what is left, `mean` by the stages, with the hidden counts."""
        if self._hidden is None or self._begun is None:
            return mean
        elapsed = now - self._begun
        judged = self._hidden.judge(elapsed, self._weights, counts=self._counts_all())
        self._judged = judged
        if judged is None:
            return mean
        self._apart += judged.trust * (judged.apart - self._apart)
        late = log((self._late or 0.0) + 1)
        self._late = exp(late + judged.trust * (log(judged.late + 1) - late)) - 1
        self._distance += judged.trust * (judged.distance - self._distance)
        return mean + judged.trust * (log(judged.left + 1) - mean)

    def _half_width(self, median: float, raw: float) -> float:
        turn = abs(log((raw + 1) / (median + 1)))
        cold = self._cold.half_width if self._cold is not None else 0.0
        unseen = 0.0
        if self._weights:
            each = zip(self._weights, self._analogues)
            unseen = sum(w * one.unseen for w, one in each) / sum(self._weights)
        runs, distance = len(self._analogues), self._distance
        return initial_half_width(runs, cold, median, self._apart, turn, distance, unseen)

    def _basis(self) -> str:
        if not self._analogues:
            return "rate"
        if self._judged is not None and self._judged.trust >= LEADING:
            return self._judged.basis
        return "history+rate" if self._counts() else "history"


def _track(stage: Stage, now: float) -> Track | None:
    """Return when a stage went on and its count over time; None where it has not begun."""
    if stage.began is None or stage.times > 1:
        return None
    end = now if stage.ended is None else stage.ended
    if stage.curve is None or stage.held or stage.since != stage.began or stage.passes:
        return Track(stage.began, end, (), ())
    seconds = [stage.began + at for at in stage.curve.seconds]
    return Track(stage.began, end, seconds, stage.curve.done)
