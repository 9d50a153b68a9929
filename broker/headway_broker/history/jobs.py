"""What the history answers to the effects that it carries out, and which can wait; pure."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from headway_broker.state.effects import End, Job, KeepClaim, Learn, Recall, Row, SharesOf, Store


class Stored(NamedTuple):
    """What is in the file, or cannot be: the ends, and what forked children counted."""

    ends: list[End]
    shares: list[SharesOf] = []  # noqa: RUF012 - never changed


class Recalled(NamedTuple):
    """The runs of a key, oldest first, and the seconds of a typical stage of any."""

    key: str
    runs: list[dict[str, Any]]
    typical: float | None = None


class Reopened(NamedTuple):
    """The file could not be opened at first, and is now; `rows` and `claims` are what it holds."""

    rows: list[Row]
    claims: list[str]


def awaited(job: Job) -> bool:
    """Return whether an answer is waited for: by a process until it is stored, or by a forecast."""
    if isinstance(job, Store):
        return job.row.ended is not None or bool(job.row.shares)
    return isinstance(job, Recall)


def still_owed(jobs: Iterable[Job]) -> list[Job]:
    """Return what is to be written later: the last row of each operation, runs and claims."""
    others = [job for job in jobs if isinstance(job, (Learn, KeepClaim))]
    rows = {job.row.operation: job for job in jobs if isinstance(job, Store)}
    return [*others, *rows.values()]


def stored(jobs: Iterable[Job]) -> Stored:
    """Return what is to be told once these have been written: ends and shares."""
    rows = [job.row for job in jobs if isinstance(job, Store)]
    return Stored(
        [End(row.operation, row.revision) for row in rows if row.ended is not None],
        [SharesOf(row.operation, row.shares) for row in rows if row.shares],
    )
