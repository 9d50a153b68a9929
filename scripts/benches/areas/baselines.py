"""Baseline estimators: the published rules of other programs, given the same observations.

Those that show one bar are given the mean of the stages' fractions; those that know units of work
and their earlier durations are given the stages as units. Written from descriptions of the rules;
none of their code is here.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Iterable, NamedTuple

from headway_viewer.public_json.reader import Change


class Step(NamedTuple):
    """The time of a step, and the progress there was or that was made."""

    time: float
    progress: float


class ObservedStage:
    """A stage as it was observed: when it began and ended, and what fraction of it is done."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun: float | None = None
        self.ended: float | None = None
        self.fraction = 0.0
        self.children = 0


class ObservedRun:
    """What was observed of one run so far."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stages: dict[int, ObservedStage] = {}

    def observe(self, change: Change) -> None:
        """Apply a change of a stage."""
        self.now = change.time
        stage = self.stages.get(change.stage)
        if stage is None:
            stage = self.stages[change.stage] = ObservedStage(change.name)
            if change.parent is not None and change.parent in self.stages:
                self.stages[change.parent].children += 1
        if change.state == "pending":
            return
        if stage.begun is None:
            stage.begun = change.time
        stage.fraction = min(max(change.done / change.total, 0.0), 1.0) if change.total else 0.0
        stage.ended = None
        if change.state in {"completed", "skipped"}:
            stage.ended, stage.fraction = change.time, 1.0

    def leaves(self) -> list[ObservedStage]:
        """Return the stages without children."""
        return [stage for stage in self.stages.values() if not stage.children]

    def progress(self) -> float:
        """Return the mean fraction of the leaves."""
        leaves = self.leaves()
        return sum(stage.fraction for stage in leaves) / len(leaves) if leaves else 0.0

    def durations(self) -> dict[str, float]:
        """Return name → seconds of the leaves that have ended."""
        return {
            stage.name: stage.ended - stage.begun
            for stage in self.leaves()
            if stage.ended is not None and stage.begun is not None
        }


class Baseline:
    """A rule. `observed` is called after every change, `guess` at every tick."""

    name = ""

    def __init__(self, run: ObservedRun, earlier: list[dict[str, float]]) -> None:
        self.run = run
        self.earlier = earlier

    def observed(self) -> None:
        """A stage has changed."""

    def guess(self, now: float) -> float | None:
        """Return the remaining seconds, or None where the program shows nothing."""
        raise NotImplementedError


class Elapsed(Baseline):
    """Elapsed time divided by progress; curl and wget do the same with bytes."""

    name = "elapsed / progress"

    def guess(self, now: float) -> float | None:
        """Return the remaining seconds."""
        progress = self.run.progress()
        return now * (1 - progress) / progress if progress > 0 else None


class Tqdm(Baseline):
    """tqdm: steps and times of refreshes, each an exponential mean of weight 0.3."""

    name = "tqdm"
    weight, interval = 0.3, 0.1

    def __init__(self, run: ObservedRun, earlier: list[dict[str, float]]) -> None:
        super().__init__(run, earlier)
        self.last = Step(0.0, 0.0)
        self.step = self.time = 0.0
        self.shown: float | None = None

    def observed(self) -> None:
        """Refresh if a tenth of a second has passed."""
        now, progress = self.run.now, self.run.progress()
        passed, gained = now - self.last.time, progress - self.last.progress
        if passed < self.interval or gained <= 0:
            return
        self.step += self.weight * (gained - self.step)
        self.time += self.weight * (passed - self.time)
        self.last = Step(now, progress)
        self.shown = (1 - progress) * self.time / self.step

    def guess(self, now: float) -> float | None:
        """Return what was shown last."""
        del now
        return self.shown


class Rich(Baseline):
    """rich: the steps of the last 30 seconds, at most 1,000 of them."""

    name = "rich"

    def __init__(self, run: ObservedRun, earlier: list[dict[str, float]]) -> None:
        super().__init__(run, earlier)
        self.steps: deque[Step] = deque(maxlen=1000)
        self.before = 0.0

    def observed(self) -> None:
        """Record a step."""
        now, progress = self.run.now, self.run.progress()
        while self.steps and self.steps[0].time < now - 30:
            self.steps.popleft()
        if progress > self.before:
            self.steps.append(Step(now, progress - self.before))
        self.before = progress

    def guess(self, now: float) -> float | None:
        """Return whole seconds, as it shows them."""
        del now
        if len(self.steps) < 2:
            return None
        passed = self.steps[-1].time - self.steps[0].time
        gained = sum(step.progress for step in self.steps) - self.steps[0].progress
        if passed <= 0 or gained <= 0:
            return None
        return float(math.ceil((1 - self.run.progress()) * passed / gained))


class Indicatif(Baseline):
    """indicatif: a rate smoothed twice, of which a tenth is left after 15 seconds."""

    name = "indicatif"

    def __init__(self, run: ObservedRun, earlier: list[dict[str, float]]) -> None:
        super().__init__(run, earlier)
        self.single = self.double = 0.0
        self.last = Step(0.0, 0.0)

    def observed(self) -> None:
        """Record a step."""
        now, progress = self.run.now, self.run.progress()
        passed, gained = now - self.last.time, progress - self.last.progress
        if passed <= 0 or gained <= 0:
            return
        keep = self._keep(passed)
        self.single = self.single * keep + gained / passed * (1 - keep)
        even = self.single / (1 - self._keep(now))
        self.double = self.double * keep + even * (1 - keep)
        self.last = Step(now, progress)

    def guess(self, now: float) -> float | None:
        """Return the remaining seconds at a rate that decays while no step is made."""
        if self.double <= 0 or now <= 0:
            return None
        keep, known = self._keep(now - self.last.time), 1 - self._keep(now)
        rate = (self.double * keep + self.single * keep / known * (1 - keep)) / known
        return (1 - self.run.progress()) / rate if rate > 0 else None

    @staticmethod
    def _keep(seconds: float) -> float:
        return 0.1 ** (seconds / 15)


class Ninja(Baseline):
    """ninja: finished units' times over all units' times, the last run's where it had them."""

    name = "ninja"

    def __init__(self, run: ObservedRun, earlier: list[dict[str, float]]) -> None:
        super().__init__(run, earlier)
        self.times = earlier[-1] if earlier else {}
        self.ends = -1
        self.shown: float | None = None

    def observed(self) -> None:
        """Compute it anew when a unit has begun or ended."""
        leaves, done = self.run.leaves(), self.run.durations()
        moves = sum((stage.begun is not None) + (stage.ended is not None) for stage in leaves)
        if moves == self.ends:
            return
        self.ends = moves
        left = [stage for stage in leaves if stage.ended is None]
        known = [self.times[stage.name] for stage in left if stage.name in self.times]
        units = len(done) + len(known)
        spent = sum(done.values())
        if not units or not spent:
            return
        mean = (spent + sum(known)) / units
        whole = spent + sum(known) + mean * (len(left) - len(known))
        self.shown = self.run.now * (whole / spent - 1)

    def guess(self, now: float) -> float | None:
        """Return what was shown last."""
        del now
        return self.shown


class Medians(Baseline):
    """The medians of ten earlier durations, as nix-output-monitor keeps them, summed."""

    name = "earlier medians"

    def guess(self, now: float) -> float | None:
        """Sum the medians of what has not ended, less the time for which it has run."""
        if not self.earlier:
            return None
        left = 0.0
        for stage in self.run.leaves():
            if stage.ended is None:
                usual = median(run.get(stage.name, 0.0) for run in self.earlier[-10:])
                left += usual if stage.begun is None else max(0.0, usual - (now - stage.begun))
        return left


class Weighted(Baseline):
    """Elapsed time divided by progress, stages weighted by their earlier durations."""

    name = "weighted stages"

    def guess(self, now: float) -> float | None:
        """Return the remaining seconds."""
        if not self.earlier:
            return None
        whole = done = 0.0
        for stage in self.run.leaves():
            usual = median(run.get(stage.name, 0.0) for run in self.earlier)
            whole += usual
            done += usual * stage.fraction
        if whole <= 0:
            return None
        share = done / whole
        return now * (1 - share) / share if share > 0.003 and now > 0 else whole


BASELINES: tuple[type[Baseline], ...] = (Tqdm, Rich, Indicatif, Elapsed, Ninja, Medians, Weighted)


def baselines(run: ObservedRun, earlier: Iterable[dict[str, float]]) -> list[Baseline]:
    """Return every rule, on one run."""
    known = list(earlier)
    return [rule(run, known) for rule in BASELINES]
