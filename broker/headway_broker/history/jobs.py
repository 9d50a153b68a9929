"""The jobs of the history: their results, and which of them can wait; pure."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from headway_broker.state.effects import (
    End,
    Job,
    Recall,
    StoreClaim,
    StoredOperation,
    StoredShares,
    StoreOperation,
    StoreRun,
)


class Stored(NamedTuple):
    """A result: the ends, shares and ids of open operations in the file, or can never be."""

    ends: list[End]
    shares: list[StoredShares] = []  # noqa: RUF012 - never changed
    begun: list[str] = []  # noqa: RUF012 - never changed


class Recalled(NamedTuple):
    """A result: the runs of a key, oldest first, and the prior in seconds."""

    key: str
    runs: list[dict[str, Any]]
    prior: float | None = None


class Reopened(NamedTuple):
    """A result: the file was opened late; `rows` and `claims` are what it holds."""

    rows: list[StoredOperation]
    claims: list[str]


def awaited(job: Job) -> bool:
    """Return whether somebody waits for the result of a job: a worker, a file, a forecast."""
    return isinstance(job, (StoreOperation, Recall))


def unwritten(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs to retry: the last row of each operation, runs and claims."""
    others = [job for job in jobs if isinstance(job, (StoreRun, StoreClaim))]
    rows = {job.row.operation: job for job in jobs if isinstance(job, StoreOperation)}
    return [*others, *rows.values()]


def stored(jobs: Iterable[Job]) -> Stored:
    """Return the result of jobs that have been written."""
    rows = [job.row for job in jobs if isinstance(job, StoreOperation)]
    return Stored(
        [End(row.operation, row.revision, row.changes) for row in rows if row.ended is not None],
        [StoredShares(row.operation, row.shares) for row in rows if row.shares],
        [row.operation for row in rows if row.ended is None],
    )
