"""What other programs would have said: their published rules, on the same observations.

Those that show one bar are given the mean of the stages' fractions; those that know units of work
and their earlier durations are given the stages as units. Written from descriptions of the rules;
none of their code is here.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median
from typing import Iterable

from headway_viewer.public_json.reader import Change


class Part:
    """A stage as an onlooker sees it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun: float | None = None
        self.ended: float | None = None
        self.fraction = 0.0
        self.inside = 0


class Seen:
    """What can be seen of one run so far."""

    def __init__(self) -> None:
        self.now = 0.0
        self.parts: dict[int, Part] = {}

    def observe(self, change: Change) -> None:
        """Take a change of a stage in."""
        self.now = change.time
        part = self.parts.get(change.stage)
        if part is None:
            part = self.parts[change.stage] = Part(change.name)
            if change.parent is not None and change.parent in self.parts:
                self.parts[change.parent].inside += 1
        if change.state == "pending":
            return
        if part.begun is None:
            part.begun = change.time
        part.fraction = min(max(change.done / change.total, 0.0), 1.0) if change.total else 0.0
        part.ended = None
        if change.state in {"completed", "skipped"}:
            part.ended, part.fraction = change.time, 1.0

    def leaves(self) -> list[Part]:
        """The stages that have none inside."""
        return [part for part in self.parts.values() if not part.inside]

    def progress(self) -> float:
        """The mean fraction of the stages."""
        leaves = self.leaves()
        return sum(part.fraction for part in leaves) / len(leaves) if leaves else 0.0

    def durations(self) -> dict[str, float]:
        """Name → seconds, of the stages that have ended."""
        return {
            part.name: part.ended - part.begun
            for part in self.leaves()
            if part.ended is not None and part.begun is not None
        }


class Rival:
    """One rule. `observed` is called after every change, `guess` at every tick."""

    name = ""

    def __init__(self, seen: Seen, earlier: list[dict[str, float]]) -> None:
        self.seen = seen
        self.earlier = earlier

    def observed(self) -> None:
        """A stage has changed."""

    def guess(self, now: float) -> float | None:
        """Seconds that are left, or None where nothing is shown."""
        raise NotImplementedError


class Even(Rival):
    """Elapsed time over progress; curl and wget do the same with bytes."""

    name = "elapsed / progress"

    def guess(self, now: float) -> float | None:
        """Seconds that are left."""
        progress = self.seen.progress()
        return now * (1 - progress) / progress if progress > 0 else None


class Tqdm(Rival):
    """tqdm: steps and times of refreshes, each an exponential mean of weight 0.3."""

    name = "tqdm"
    weight, interval = 0.3, 0.1

    def __init__(self, seen: Seen, earlier: list[dict[str, float]]) -> None:
        super().__init__(seen, earlier)
        self.last = (0.0, 0.0)
        self.step = self.time = 0.0
        self.calls = 0
        self.shown: float | None = None

    def observed(self) -> None:
        """Refresh, if a tenth of a second has passed."""
        now, progress = self.seen.now, self.seen.progress()
        passed, gained = now - self.last[0], progress - self.last[1]
        if passed < self.interval or gained <= 0:
            return
        self.step += self.weight * (gained - self.step)
        self.time += self.weight * (passed - self.time)
        self.calls += 1
        self.last = now, progress
        self.shown = (1 - progress) * self.time / self.step

    def guess(self, now: float) -> float | None:
        """What was shown last stands."""
        del now
        return self.shown


class Rich(Rival):
    """rich: the steps of the last 30 seconds, at most 1,000 of them."""

    name = "rich"

    def __init__(self, seen: Seen, earlier: list[dict[str, float]]) -> None:
        super().__init__(seen, earlier)
        self.steps: deque[tuple[float, float]] = deque(maxlen=1000)
        self.before = 0.0

    def observed(self) -> None:
        """Note a step."""
        now, progress = self.seen.now, self.seen.progress()
        while self.steps and self.steps[0][0] < now - 30:
            self.steps.popleft()
        if progress > self.before:
            self.steps.append((now, progress - self.before))
        self.before = progress

    def guess(self, now: float) -> float | None:
        """Whole seconds, as it shows them."""
        del now
        if len(self.steps) < 2:
            return None
        passed = self.steps[-1][0] - self.steps[0][0]
        gained = sum(step for _, step in self.steps) - self.steps[0][1]
        if passed <= 0 or gained <= 0:
            return None
        return float(math.ceil((1 - self.seen.progress()) * passed / gained))


class Indicatif(Rival):
    """indicatif: a rate smoothed twice, of which a tenth is left after 15 seconds."""

    name = "indicatif"

    def __init__(self, seen: Seen, earlier: list[dict[str, float]]) -> None:
        super().__init__(seen, earlier)
        self.single = self.double = 0.0
        self.last = (0.0, 0.0)

    def observed(self) -> None:
        """Note a step."""
        now, progress = self.seen.now, self.seen.progress()
        passed, gained = now - self.last[0], progress - self.last[1]
        if passed <= 0 or gained <= 0:
            return
        keep = self._keep(passed)
        self.single = self.single * keep + gained / passed * (1 - keep)
        even = self.single / (1 - self._keep(now))
        self.double = self.double * keep + even * (1 - keep)
        self.last = now, progress

    def guess(self, now: float) -> float | None:
        """The rate fades while nothing comes."""
        if self.double <= 0 or now <= 0:
            return None
        keep, known = self._keep(now - self.last[0]), 1 - self._keep(now)
        rate = (self.double * keep + self.single * keep / known * (1 - keep)) / known
        return (1 - self.seen.progress()) / rate if rate > 0 else None

    @staticmethod
    def _keep(seconds: float) -> float:
        return 0.1 ** (seconds / 15)


class Ninja(Rival):
    """ninja: finished units' times over all units' times, the last run's where it had them."""

    name = "ninja"

    def __init__(self, seen: Seen, earlier: list[dict[str, float]]) -> None:
        super().__init__(seen, earlier)
        self.times = earlier[-1] if earlier else {}
        self.ends = -1
        self.shown: float | None = None

    def observed(self) -> None:
        """Work it out again when a unit has begun or ended."""
        leaves, done = self.seen.leaves(), self.seen.durations()
        moves = sum((part.begun is not None) + (part.ended is not None) for part in leaves)
        if moves == self.ends:
            return
        self.ends = moves
        left = [part for part in leaves if part.ended is None]
        known = [self.times[part.name] for part in left if part.name in self.times]
        units = len(done) + len(known)
        spent = sum(done.values())
        if not units or not spent:
            return
        mean = (spent + sum(known)) / units
        whole = spent + sum(known) + mean * (len(left) - len(known))
        self.shown = self.seen.now * (whole / spent - 1)

    def guess(self, now: float) -> float | None:
        """What was shown last stands."""
        del now
        return self.shown


class Medians(Rival):
    """The medians of ten earlier durations, as nix-output-monitor keeps them, summed."""

    name = "earlier medians"

    def guess(self, now: float) -> float | None:
        """The medians of what has not ended, less the time that it has been going on."""
        if not self.earlier:
            return None
        left = 0.0
        for part in self.seen.leaves():
            if part.ended is None:
                usual = median(run.get(part.name, 0.0) for run in self.earlier[-10:])
                left += usual if part.begun is None else max(0.0, usual - (now - part.begun))
        return left


class Weighted(Rival):
    """Elapsed over progress, the stages weighing as long as they took before."""

    name = "weighted stages"

    def guess(self, now: float) -> float | None:
        """Seconds that are left."""
        if not self.earlier:
            return None
        whole = done = 0.0
        for part in self.seen.leaves():
            usual = median(run.get(part.name, 0.0) for run in self.earlier)
            whole += usual
            done += usual * part.fraction
        if whole <= 0:
            return None
        share = done / whole
        return now * (1 - share) / share if share > 0.003 and now > 0 else whole


RIVALS: tuple[type[Rival], ...] = (Tqdm, Rich, Indicatif, Even, Ninja, Medians, Weighted)


def rivals(seen: Seen, earlier: Iterable[dict[str, float]]) -> list[Rival]:
    """Every rule, on one run."""
    known = list(earlier)
    return [rule(seen, known) for rule in RIVALS]
