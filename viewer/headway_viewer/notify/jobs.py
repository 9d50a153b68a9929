"""What a desktop is to show of running operations, in its list of jobs and on the icons of a dock.

Pure. The whole of what is wanted is told each time, so that a desktop that hung, or was started
again, is brought up to date by one look.
"""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple

from headway.formatting.outcome import display_name
from headway.model import Operation
from headway.states import RUNNING, WAITING

SHOWN_AFTER = 5.0  # seconds that an operation must last: what ends sooner would only flicker
MAX_JOBS = 20  # of more, the latest are left out: a list of jobs is to be read


class Job(NamedTuple):
    """An operation in the desktop's list of jobs; `percent` is None where no whole is known."""

    name: str
    doing: str
    percent: int | None
    asks: bool
    host: str | None
    pid: int | None


class Entry(NamedTuple):
    """What stands on the icon of an application: how many jobs, and the progress of a sole one."""

    jobs: int
    percent: int | None
    urgent: bool


class Jobs:
    """The operations that go on; times are the broker's."""

    def __init__(self) -> None:
        self._open: dict[str, Operation] = {}

    def absorb(self, operations: Iterable[Operation], removed: Iterable[str] = ()) -> None:
        """Take in operations that have changed, and those that are gone."""
        for one in operations:
            if one.open and one.parent is None and one.notify is not False and not one.left:
                self._open[one.id] = one
            else:
                self._open.pop(one.id, None)
        for name in removed:
            self._open.pop(name, None)

    def wanted(self, now: float) -> dict[str, Job]:
        """Return the jobs to show now, by operation."""
        old = [one for one in self._open.values() if _age(one, now) >= SHOWN_AFTER]
        return {one.id: _job(one) for one in old[:MAX_JOBS]}

    def deadline(self, now: float) -> float | None:
        """Return in how many seconds another operation is to be shown, or None."""
        ages = [_age(one, now) for one in self._open.values()]
        return min((SHOWN_AFTER - age for age in ages if age < SHOWN_AFTER), default=None)


def entries(jobs: Mapping[str, Job], applications: Mapping[str, str]) -> dict[str, Entry]:
    """Return what stands on each application's icon; `applications` are those of the jobs."""
    found: dict[str, list[Job]] = {}
    for name, job in jobs.items():
        if name in applications:
            found.setdefault(applications[name], []).append(job)
    return {
        # Of several, a share of the whole would need the durations of all.
        application: Entry(
            len(several),
            several[0].percent if len(several) == 1 else None,
            any(job.asks for job in several),
        )
        for application, several in found.items()
    }


def _age(operation: Operation, now: float) -> float:
    return 0.0 if operation.started is None else max(now - operation.started, 0.0)


def _job(operation: Operation) -> Job:
    going = [one.name for one in operation.stages.values() if one.state in (RUNNING, WAITING)]
    percent = None if operation.progress is None else min(int(operation.progress * 100), 99)
    doing = going[-1] if going else operation.state
    if operation.question is not None:
        doing = operation.question
    return Job(
        display_name(operation),
        doing,
        percent,
        operation.question is not None,
        operation.host,
        operation.pid,
    )
