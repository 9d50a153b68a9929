"""What journals say against what viewers show: final states lost, false, and in doubt."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chaos_testing import journal
from chaos_testing.observer import OPEN

YOUNG = 5.0  # seconds in which a busy machine may not have let an operation be heard of
LONGEST = 40.0  # seconds that a process may go on after the last line of its journal
EXCUSED = 2.0  # seconds around an outage of the broker in which nobody could hear


@dataclass
class Fate:
    """What became of a process: the signal that ended it, if one of ours did, and when."""

    killed: float | None = None
    status: int | None = None
    exited: float | None = None
    stopped: list[tuple[float, float]] = field(default_factory=list)


class Fates:
    """The fates of all processes, by pid and time: pids are given out again in a long run."""

    def __init__(self) -> None:
        self._kills: dict[int, list[float]] = {}
        self._stops: dict[int, list[tuple[float, float]]] = {}
        self._exits: dict[int, list[tuple[float, int]]] = {}

    def kill(self, pid: int, at: float) -> None:
        """It was sent a signal that ends it."""
        self._kills.setdefault(pid, []).append(at)

    def stop(self, pid: int, begun: float, ended: float) -> None:
        """It was stopped for so long."""
        self._stops.setdefault(pid, []).append((begun, ended))

    def exit(self, pid: int, at: float, status: int) -> None:
        """It is gone."""
        self._exits.setdefault(pid, []).append((at, status))

    def of(self, life: journal.Life) -> Fate:
        """The fate of the process that began when this life did: the first exit after it."""
        fate = Fate()
        for at, status in self._exits.get(life.pid, ()):
            if at >= life.begun and (fate.exited is None or at < fate.exited):
                fate.exited, fate.status = at, status
        until = fate.exited if fate.exited is not None else life.last + LONGEST
        for at in self._kills.get(life.pid, ()):
            if life.begun <= at <= until:
                fate.killed = at
        fate.stopped = [
            (begun, ended)
            for begun, ended in self._stops.get(life.pid, ())
            if life.begun <= ended and begun <= until
        ]
        return fate


@dataclass
class Verdict:
    """The result.

    `doubtful` are ends that only a killed process knew of. `homeless` are ends of programs
    that were over while the runtime directory took no file, with a broker too busy to answer
    within the second that an exit may take: there was nowhere to leave them.
    """

    operations: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    doubtful: int = 0
    homeless: int = 0
    unseen: int = 0  # opened while no broker could hear, by a process that was killed
    shares_short: list[str] = field(default_factory=list)


def read_journals(folder: str) -> list[journal.Life]:
    """Every process that kept a journal."""
    found = []
    for name in sorted(os.listdir(folder)):
        life = journal.read(os.path.join(folder, name))
        if life is not None:
            found.append(life)
    return found


def judge(
    lives: list[journal.Life],
    fates: Fates,
    outages: list[tuple[float, float]],
    full: list[tuple[float, float]],
    shown: dict[str, dict[str, Any]],
    *,
    everything: bool,
) -> Verdict:
    """Compare. Without `everything` a viewer need not show what it shows no trace of."""
    verdict = Verdict()
    shares = _shares(lives, fates, full)
    for life in lives:
        fate = fates.of(life)
        for told in life.operations.values():
            seen = shown.get(told.id)
            if seen is None and not everything:
                continue
            verdict.operations += 1
            shown_true = seen is not None and seen["state"] in (told.state, *OPEN)
            if not shown_true and not told.safe and _nowhere_to_leave(life, fate, full):
                verdict.homeless += 1
                continue
            _judge_one(verdict, life, fate, told, seen, outages, shares)
    return verdict


def _shares(
    lives: list[journal.Life], fates: Fates, full: list[tuple[float, float]]
) -> dict[tuple[str, str], list[float]]:
    """(operation, stage) → the least and the most that forked children have counted in it."""
    found: dict[tuple[str, str], list[float]] = {}
    for life in lives:
        fate = fates.of(life)
        certain = fate.killed is None and life.how == "exit"
        certain = certain and not _nowhere_to_leave(life, fate, full)
        for place, count in life.shares.items():
            bounds = found.setdefault(place, [0.0, 0.0])
            bounds[0] += count if certain else 0
            bounds[1] += count
    return found


def _judge_one(
    verdict: Verdict,
    life: journal.Life,
    fate: Fate,
    told: journal.Told,
    seen: dict[str, Any] | None,
    outages: list[tuple[float, float]],
    shares: dict[tuple[str, str], list[float]],
) -> None:
    alive = fate.killed is None and (fate.status is None or fate.status >= 0)
    whole = alive and life.how == "exit" and life.leaving is not None
    certain = told.state is not None and (whole or told.safe)
    what = f"{told.id} {told.name!r} ({life.kind}, pid {life.pid})"
    if seen is None:
        gone = fate.killed or fate.exited or life.leaving
        if certain:
            verdict.lost.append(f"{what} {told.state}: not shown")
        elif gone is not None and _nobody_heard(told.opened, gone, outages):
            verdict.unseen += 1
        else:
            verdict.lost.append(f"{what}: its crash is not shown")
        return
    state = seen["state"]
    verdict.ends[state] += 1
    if state in OPEN:
        verdict.lost.append(f"{what} is {told.state}: shown as {state}")
        return
    if any(stage["state"] in OPEN for stage in seen["stages"]):
        verdict.false.append(f"{what}: has ended, and stages of it run")
    if certain:
        _compare(verdict, what, told, seen, shares)
    elif told.state is not None:
        verdict.doubtful += 1
        if state not in (told.state, "crashed"):
            verdict.false.append(f"{what} is {told.state}: shown as {state}")
    elif state != "crashed":
        verdict.false.append(f"{what} had not ended when its process died: shown as {state}")


def _nowhere_to_leave(life: journal.Life, fate: Fate, full: list[tuple[float, float]]) -> bool:
    if life.leaving is None:
        return False
    gone = fate.exited or life.parted or life.leaving + 2.0
    return any(begun <= gone and life.leaving <= ended for begun, ended in full)


def _compare(
    verdict: Verdict,
    what: str,
    told: journal.Told,
    seen: dict[str, Any],
    shares: dict[tuple[str, str], list[float]],
) -> None:
    if seen["state"] != told.state:
        verdict.false.append(f"{what} is {told.state}: shown as {seen['state']} {seen['error']!r}")
        return
    if told.error is not None and told.error not in (seen["error"] or ""):
        verdict.false.append(f"{what} failed of {told.error!r}: shown is {seen['error']!r}")
    stages: dict[str, Any] = {}
    for stage in seen["stages"]:
        stages.setdefault(stage["name"], stage)
    for name, (state, done) in told.stages.items():
        stage = stages.get(name)
        if stage is None:
            verdict.false.append(f"{what}: stage {name!r} is not shown")
        elif state is not None and stage["state"] != state:
            verdict.false.append(f"{what}: stage {name!r} is {state}: shown as {stage['state']}")
        else:
            least, most = shares.get((told.id, name), (0.0, 0.0))
            if not done <= stage["done"] <= done + most:
                verdict.false.append(
                    f"{what}: stage {name!r} counted {done}: shown {stage['done']}"
                )
            elif stage["done"] < done + least:
                verdict.shares_short.append(
                    f"{what}: stage {name!r} counted {done} + {least}…{most}: shown {stage['done']}"
                )


def _nobody_heard(opened: float, gone: float, outages: list[tuple[float, float]]) -> bool:
    if gone - opened < YOUNG:
        return True
    return any(begun - EXCUSED <= gone and opened <= ended + EXCUSED for begun, ended in outages)


@dataclass
class Run:
    """A `headway run`, whose truth is its own exit status; `status` is as `Popen` has it."""

    name: str
    pid: int
    begun: float
    status: int | None = None
    ended: float = 0.0


def judge_runs(
    verdict: Verdict,
    runs: list[Run],
    outages: list[tuple[float, float]],
    full: list[tuple[float, float]],
    shown: dict[str, dict[str, Any]],
    *,
    everything: bool,
) -> None:
    """Compare what `headway run` exited with with what is shown of it."""
    by_name = {operation["name"]: operation for operation in shown.values()}
    for run in runs:
        seen = by_name.get(run.name)
        what = f"{run.name!r} (headway run, pid {run.pid}, exit status {run.status})"
        if seen is None and not everything:
            continue
        verdict.operations += 1
        if run.status is None:
            verdict.false.append(f"{what} never ended")
            continue
        state = None if seen is None else seen["state"]
        if state is not None:
            verdict.ends[state] += 1
        crashed = run.status == -signal.SIGKILL
        if any(begun <= run.ended and run.ended - 2.0 <= ended for begun, ended in full):
            verdict.homeless += state not in _ends_of(run.status)
        elif seen is None:
            # By a signal, before it had begun to tell, or to listen to signals.
            if run.status < 0 and _nobody_heard(run.begun, run.ended, outages):
                verdict.unseen += 1
            else:
                verdict.lost.append(f"{what}: not shown")
        elif crashed:
            verdict.doubtful += state != "crashed"
            if state in OPEN:
                verdict.lost.append(f"{what}: shown as {state}")
        elif state not in _ends_of(run.status):
            verdict.false.append(f"{what}: shown as {state} {seen['error']!r}")
        elif run.status >= 0 and seen["exit_status"] != run.status:
            verdict.false.append(f"{what}: shown with exit status {seen['exit_status']}")


def _ends_of(status: int) -> tuple[str, ...]:
    if status == 0:
        return ("completed",)
    if status > 0:
        return ("failed",)
    return ("crashed",) if status == -signal.SIGKILL else ("cancelled", "failed")


def delays(
    lives: list[journal.Life], fates: Fates
) -> tuple[journal.Life | None, int, list[journal.Life]]:
    """Of processes that were not stopped meanwhile: the life with the longest held up call,
    the number of calls, and those that ended in order."""
    worst: journal.Life | None = None
    ended: list[journal.Life] = []
    calls = 0
    for life in lives:
        calls += life.calls
        fate = fates.of(life)
        at, took = life.blocked_at, life.waited
        stopped = any(begun <= at + took and at <= ended for begun, ended in fate.stopped)
        if not stopped and (worst is None or life.blocked > worst.blocked):
            worst = life
        if life.leaving is None or life.parted is None or fate.killed is not None:
            continue
        if not any(until >= life.leaving for _, until in fate.stopped):
            ended.append(life)
    return worst, calls, ended
