"""What the history is given to do, and what it answers. A `Row` is a job too: store it."""

from __future__ import annotations

from typing import Any, NamedTuple

from headway_broker.storage.rows import Row


class Stored(NamedTuple):
    """What is in the file, or cannot be: the ends, and what forked children counted."""

    finals: list[tuple[str, int]]
    shares: list[tuple[str, tuple[tuple[int, str, float], ...]]] = []  # noqa: RUF012 - never changed


class Recalled(NamedTuple):
    """The runs of a key, oldest first, and the seconds of a typical stage of any."""

    key: str
    runs: list[dict[str, Any]]
    typical: float | None = None


class Learned(NamedTuple):
    """A finished run of a key."""

    key: str
    run: dict[str, Any]


class Reopened(NamedTuple):
    """The file could not be opened at first, and is now; `rows` and `claims` are what it holds."""

    rows: list[Row]
    claims: list[str]


class Wanted(NamedTuple):
    """Somebody wants the runs of a key."""

    key: str


class Claimed(NamedTuple):
    """A notifier took something on."""

    key: str


def awaited(job: Row | Learned | Wanted | Claimed) -> bool:
    """Whether an answer is waited for: by a process until it is stored, or by a forecast."""
    if isinstance(job, Row):
        return job.ended is not None or bool(job.shares)
    return isinstance(job, Wanted)


def still_owed(jobs: list[Any]) -> list[Any]:
    """What is to be written later: the last of each operation. A question is answered now."""
    others = [job for job in jobs if isinstance(job, (Learned, Claimed))]
    rows = {job.operation: job for job in jobs if isinstance(job, Row)}
    return [*others, *rows.values()]
