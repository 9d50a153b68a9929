"""What is counted of the operations that begin and end, from when counting began on.

Pure. Nothing of it is about a single operation: what is told is by state, by outcome and by history
key, and of keys there are `KEYS_LIMIT` at most. A counter never goes back, so an end stays counted
as it was told first, though a crash may be corrected later.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Callable, Iterable, Mapping, NamedTuple

from headway import text
from headway.estimate import history_key
from headway.estimate.history.key import key_id
from headway.model import UNLEARNED, Operation
from headway.states import COMPLETED
from headway_viewer.metrics.foretold import Foretold
from headway_viewer.metrics.histogram import Histogram

# Keys of their own; further ones are counted together, as `OTHER`. Fifteen buckets of three
# outcomes are 10,000 series then, which a Prometheus of one machine does not notice.
KEYS_LIMIT = 200
OTHER = "other"
NAME_LIMIT = 80  # characters of a name in a label
# Operations that are remembered as counted, beside those that run: more than a broker keeps of
# those that have ended, for it, or the next, tells of them again to whoever connects anew.
SEEN_LIMIT = 20_000
DURATIONS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
FACTORS = (1.1, 1.25, 1.5, 2, 2.5, 3, 4, 6, 10)


class Series(NamedTuple):
    """What tells histograms of durations apart; `name` is "" where names are not told."""

    key: str
    name: str
    outcome: str


class Tallies:
    """Counts what a replica shows; times are the broker's."""

    def __init__(self, *, named: bool) -> None:
        """Tell names of operations, too, only with `named`."""
        self.durations: dict[Series, Histogram] = {}
        self.factors = Histogram(FACTORS)
        self.estimated = {"inside": 0.0, "outside": 0.0, "none": 0.0}  # seconds
        self.begun = 0
        self._named = named
        self._names: dict[str, str] = {}  # by key
        self._running: dict[str, Foretold] = {}
        self._seen: OrderedDict[str, int] = (
            OrderedDict()
        )  # operation → attempt whose end is counted

    @property
    def remembered(self) -> int:
        """Return the number of operations that are remembered as counted."""
        return len(self._seen)

    def absorb(
        self,
        changed: Iterable[str],
        removed: Iterable[str],
        operations: Mapping[str, Operation],
        since: float,
        now: float,
        made: Callable[[str], float | None],
    ) -> None:
        """Take in changes; what ended before `since`, and was not seen running, is not counted.

        `made` returns when the estimate that an operation has was made, None where it has had none.
        """
        for name in changed:
            operation = operations[name]
            if operation.open:
                at = made(name)
                self._note(operation, since, now if at is None else at)
            else:
                self._end(operation, since)
        for name in removed:
            self._running.pop(name, None)

    def _note(self, operation: Operation, since: float, at: float) -> None:
        if operation.started is None:
            return
        if operation.id not in self._seen:
            self._see(operation.id, 0)
            if operation.started >= since:
                self.begun += 1
        foretold = self._running.get(operation.id)
        if foretold is None:
            foretold = self._running[operation.id] = Foretold()
        estimate = operation.estimate
        foretold.add(at, None if estimate is None else estimate[:3])

    def _end(self, operation: Operation, since: float) -> None:
        foretold = self._running.pop(operation.id, None)
        counted = self._seen.get(operation.id)
        if counted is not None and counted >= operation.attempt:
            return
        self._see(operation.id, operation.attempt)
        ended = operation.ended
        if ended is None or (counted is None and ended < since):
            return
        began = ended if operation.started is None else operation.started
        if counted is None and began >= since:
            self.begun += 1  # it began and ended within a frame
        self._duration(operation).observe(max(ended - began, 0.0))
        if foretold is not None and operation.state == COMPLETED and operation.reason is None:
            judged = foretold.judge(began, ended)
            for part, seconds in zip(self.estimated, judged[1:]):
                self.estimated[part] += seconds
            if judged.factor is not None:
                self.factors.observe(judged.factor)

    def _see(self, name: str, attempt: int) -> None:
        self._seen[name] = attempt
        self._seen.move_to_end(name)
        for _ in range(len(self._seen) - SEEN_LIMIT):
            oldest = next(iter(self._seen))
            if oldest in self._running:
                self._seen.move_to_end(oldest)
            else:
                del self._seen[oldest]

    def _duration(self, operation: Operation) -> Histogram:
        key = key_id(key_of(operation))
        if key not in self._names:
            if len(self._names) >= KEYS_LIMIT:
                key = OTHER
            else:
                self._names[key] = text.safe(operation.name, NAME_LIMIT) if self._named else ""
        series = Series(key, self._names.get(key, ""), operation.state)
        histogram = self.durations.get(series)
        if histogram is None:
            histogram = self.durations[series] = Histogram(DURATIONS)
        return histogram


def key_of(operation: Operation) -> str:
    """Return the history key of an operation, as the broker tells it; one by its name else."""
    if operation.key and operation.key != UNLEARNED:
        return operation.key
    return history_key(operation.name)
