"""Filters of `headway ps`: which operations it lists, and which of them fit on a screen. Pure."""

from __future__ import annotations

from typing import AbstractSet, Iterable, NamedTuple, Sequence

from headway.formatting.outcome import display_name
from headway.lookup import has_labels
from headway.model import Operation
from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    RUNNING,
    UNJUDGED,
    WAITING,
)

# The rows from the top: what goes on is nearest to the prompt, above it what went wrong.
_RANK = {
    COMPLETED: 0,
    UNJUDGED: 0,
    CANCELLED: 0,
    CRASHED: 1,
    FAILED: 1,
    PENDING: 2,
    WAITING: 3,
    RUNNING: 4,
}
_BROKEN = (FAILED, CRASHED)
BROKEN_SHARE = 4  # the part of a screen that failures get, however much goes on


class Filter(NamedTuple):
    """What is asked for: with both `running` and `failed`, either.

    `since` are seconds: what was open in them; `number` is how many of the latest; `labels` are
    those that it has.
    """

    running: bool = False
    failed: bool = False
    since: float | None = None
    number: int | None = None
    labels: Sequence[tuple[str, str]] = ()

    def apply(self, operations: Iterable[Operation], now: float) -> list[Operation]:
        """Return the operations that pass, in their order; `now` is the broker's time."""
        found = [operation for operation in operations if self._accepts(operation, now)]
        if self.number is not None and len(found) > self.number:
            latest = sorted(found, key=_recency)[len(found) - self.number :]
            kept = {operation.id for operation in latest}
            found = [operation for operation in found if operation.id in kept]
        return found

    def _accepts(self, operation: Operation, now: float) -> bool:
        if (self.running or self.failed) and not (
            (self.running and operation.open) or (self.failed and operation.state in _BROKEN)
        ):
            return False
        if self.labels and not has_labels(operation, self.labels):
            return False
        ended = operation.ended
        return self.since is None or operation.open or ended is None or ended >= now - self.since


def completed_since(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the ids of the failures after which the same, by its name and key, has completed."""
    broken: list[Operation] = []
    last: dict[object, float] = {}
    for one in operations:
        if one.state in _BROKEN:
            broken.append(one)
        elif one.state == COMPLETED and not one.stopped:
            look = _look(one)
            last[look] = max(last.get(look, 0.0), one.ended or 0.0)
    return frozenset(one.id for one in broken if last.get(_look(one), 0.0) > (one.ended or 0.0))


def _look(one: Operation) -> object:
    return display_name(one), one.key, one.host


def listed(
    operations: Iterable[Operation], mended: AbstractSet[str] = frozenset()
) -> list[Operation]:
    """Return operations in the order of their rows: by state, the latest last.

    Failures that are `mended` stand with what has completed.
    """
    return sorted(
        operations,
        key=lambda one: (0 if one.id in mended else _RANK[one.state], _recency(one)),
    )


def fit(
    operations: list[Operation],
    heights: list[int],
    lines: int,
    mended: AbstractSet[str] = frozenset(),
) -> list[Operation]:
    """Return the operations of those `listed` that fit into `lines`; `heights` are their lines.

    What goes on comes first, then what went wrong and is not `mended`, each the latest; failures
    get 1/`BROKEN_SHARE` of the lines in any case.
    """
    if sum(heights) <= lines:
        return operations
    height = {one.id: lines_of for one, lines_of in zip(operations, heights)}
    going = [one for one in operations if one.open]
    broken = [one for one in operations if one.state in _BROKEN and one.id not in mended]
    over = [
        one for one in operations if not one.open and (one.state not in _BROKEN or one.id in mended)
    ]
    # On a small screen that has no room for the latest: it gets half of it, if that is enough.
    latest = height[broken[-1].id] if broken else 0
    least = latest if lines >= BROKEN_SHARE and latest <= lines // 2 else 0
    reserved = min(sum(height[one.id] for one in broken), max(lines // BROKEN_SHARE, least))
    kept: set[str] = set()
    left = lines - reserved
    for group, extra in ((going, 0), (broken, reserved), (over, 0)):
        left += extra
        for one in reversed(group):
            if height[one.id] > left:
                break
            left -= height[one.id]
            kept.add(one.id)
    return [one for one in operations if one.id in kept]


def _recency(operation: Operation) -> tuple[bool, float]:
    time = operation.started if operation.open else operation.ended
    return operation.open, time or 0.0
