"""The ranks of jobs: operations that several processes of one job have begun together.

Pure. A person waits for the job, that is for its slowest rank, so they share a row. What has
failed or crashed has a row of its own.
"""

from __future__ import annotations

from typing import Iterable, Optional, Tuple

from headway.formatting.outcome import sole_stage
from headway.model import Operation
from headway.states import CRASHED, FAILED

Key = Tuple[str, str, Optional[str]]  # job, name, parent


class Ranks:
    """The operations of jobs, by job and rank."""

    def __init__(self) -> None:
        self._jobs: dict[Key, dict[int, str]] = {}
        self._keys: dict[str, Key] = {}

    def clear(self) -> None:
        """Forget all."""
        self._jobs.clear()
        self._keys.clear()

    def add(self, operation: Operation) -> None:
        """Take an operation in, unless it stands for itself."""
        if operation.rank is None:
            return
        if operation.state in (FAILED, CRASHED):
            self.remove(operation.id)
            return
        job, number, _size = operation.rank
        key = (job, operation.name, operation.parent)
        if self._keys.get(operation.id, key) != key:
            self.remove(operation.id)
        # A worker that a rank has started has its variables, too.
        if self._jobs.setdefault(key, {}).setdefault(number, operation.id) == operation.id:
            self._keys[operation.id] = key

    def remove(self, name: str) -> None:
        """Forget an operation."""
        key = self._keys.pop(name, None)
        if key is None:
            return
        known = {number: one for number, one in self._jobs.pop(key).items() if one != name}
        if known:
            self._jobs[key] = known

    def together(self, name: str) -> list[str]:
        """Return the ids of the operations of one job with this one, by rank; none if alone."""
        key = self._keys.get(name)
        known = {} if key is None else self._jobs[key]
        return [known[number] for number in sorted(known)] if len(known) > 1 else []


def are_ranks(operations: Iterable[Operation]) -> bool:
    """Return whether operations of one name are of different ranks of one job."""
    ranks = [one.rank for one in operations]
    known = {rank for rank in ranks if rank is not None}
    return len(known) == len(ranks) > 1 and len({job for job, _rank, _size in known}) == 1


def latest_job(operations: list[Operation]) -> list[Operation]:
    """Return those of the last job among operations of one name; all, where one is of no job."""
    jobs = [one.rank[0] for one in operations if one.rank is not None]
    if len(jobs) < len(operations):
        return operations
    return [one for one, job in zip(operations, jobs) if job == jobs[-1]]


def slowest(ranks: list[Operation]) -> Operation:
    """Return the rank that a person waits for: of those that go on, the one that has done least."""
    going = [one for one in ranks if one.open]
    if not going:
        return max(ranks, key=lambda one: one.ended or 0.0)
    return min(going, key=lambda one: _share(one) or 0.0)


def _share(operation: Operation) -> float | None:
    stage = sole_stage(operation)
    if stage is None:
        return operation.progress
    fraction = stage.fraction()
    return stage.shown if fraction is None else fraction
