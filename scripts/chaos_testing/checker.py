"""The checker: compare journals with what a viewer shows; find what is lost, false or in doubt."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chaos_testing import journal
from chaos_testing.journal import OperationTruth, ProcessTruth
from chaos_testing.observer import BY_PARENT, OPEN
from chaos_testing.outcomes import Interval, Outcome, Outcomes

YOUNG = 5.0  # seconds in which a busy machine may not have let a `headway run` begin to report
SENT = 2.0  # seconds that what was handed to a socket may take to leave the process
EXCUSED = 2.0  # seconds before and after an outage of the broker in which it may not have heard
EXIT = 2.0  # seconds for which a process may still be leaving whose exit nobody saw


@dataclass
class Run:
    """A `headway run`, whose truth is its own exit status; `status` is as `Popen` has it."""

    name: str
    pid: int
    begun: float
    status: int | None = None
    ended: float = 0.0


@dataclass
class Circumstances:
    """What excuses a loss: the outcomes of processes, and when there was nowhere to report to.

    In `outages` no broker could hear; in `full` the disk of the runtime directory took nothing.
    `cancelled` are the operations that somebody requested to cancel.
    """

    outcomes: Outcomes
    outages: list[Interval] = field(default_factory=list)
    full: list[Interval] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)

    def interrupted(self, run: Run, operation: str) -> bool:
        """Return whether a `headway run` was requested to end, whatever its command made of it."""
        signalled = self.outcomes.signalled(run.pid, run.begun, run.ended)
        return signalled or operation in self.cancelled

    def unheard(self, truth: OperationTruth, gone: float) -> bool:
        """Return whether no broker may ever have heard of an operation of a killed process.

        It had told none, nor written a file; or what it told was lost with a broker.
        """
        if truth.filed is not None:
            return False
        if truth.told is None or gone - truth.told < SENT:
            return True
        return self._deaf(truth.told, gone)

    def unheard_run(self, run: Run) -> bool:
        """Return whether no broker may ever have heard of a `headway run` that was killed."""
        return run.ended - run.begun < YOUNG or self._deaf(run.begun, run.ended)

    def _deaf(self, begun: float, ended: float) -> bool:
        return any(one.overlaps(begun - EXCUSED, ended + EXCUSED) for one in self.outages)

    def unspooled(self, process: ProcessTruth) -> bool:
        """Return whether a process left while the disk took no spool file."""
        if process.leaving is None or process.unspooled is None:
            return False
        exited = self.outcomes.of(process).exit
        gone = (exited and exited.at) or process.parted or process.leaving + EXIT
        return any(one.overlaps(process.leaving, gone) for one in self.full)


@dataclass
class Findings:
    """The result of a check.

    `doubtful` are ends that only a killed process knew of. `unspooled` are ends of programs that
    exited while the runtime directory took no file, and the broker was too busy to acknowledge
    them within the second that an exit may take: there was nowhere to leave them. `unseen` are
    operations of processes that were killed before they had told of them, or that were told to
    a broker which was killed, too. `missing` are the operations behind `lost`, by its lines.
    `unanswered` says that the viewer was shown nothing at all.
    """

    operations: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    doubtful: int = 0
    unspooled: int = 0
    unseen: int = 0
    unanswered: bool = False
    shares_short: list[str] = field(default_factory=list)
    missing: dict[str, tuple[ProcessTruth, OperationTruth]] = field(default_factory=dict)

    def lose(self, line: str, process: ProcessTruth, truth: OperationTruth) -> None:
        """Note an end that is lost."""
        self.lost.append(line)
        self.missing[line] = process, truth


class Bounds(NamedTuple):
    """The least and the most that forked children have counted in a stage of their parent."""

    least: float
    most: float


def read_journals(folder: str) -> list[ProcessTruth]:
    """Read the journal of every process."""
    found = (journal.read(os.path.join(folder, name)) for name in sorted(os.listdir(folder)))
    return [process for process in found if process is not None]


def check_operations(
    findings: Findings,
    processes: list[ProcessTruth],
    circumstances: Circumstances,
    shown: dict[str, dict[str, Any]],
    *,
    everything: bool,
) -> None:
    """Compare every operation with what is shown of it.

    Without `everything` the viewer may have left an operation out.
    """
    shares = _shares(processes, circumstances)
    for process in processes:
        unspooled = circumstances.unspooled(process)
        for truth in process.operations.values():
            seen = shown.get(truth.id)
            if seen is None and not everything:
                continue
            findings.operations += 1
            true = seen is not None and seen["state"] in (truth.state, *OPEN)
            if unspooled and not true and not truth.acknowledged:
                findings.unspooled += 1
            else:
                _check_operation(findings, process, circumstances, truth, seen, shares)


def _shares(
    processes: list[ProcessTruth], circumstances: Circumstances
) -> dict[tuple[str, str], Bounds]:
    found: dict[tuple[str, str], Bounds] = {}
    for process in processes:
        killed = circumstances.outcomes.of(process).killed is not None
        certain = not killed and process.how == "exit" and not circumstances.unspooled(process)
        for place, count in process.shares.items():
            least, most = found.get(place, Bounds(0, 0))
            found[place] = Bounds(least + (count if certain else 0), most + count)
    return found


def _ended_in_order(process: ProcessTruth, outcome: Outcome) -> bool:
    by_signal = outcome.exit is not None and outcome.exit.status < 0
    left = process.how == "exit" and process.leaving is not None
    return left and outcome.killed is None and not by_signal


def _check_operation(
    findings: Findings,
    process: ProcessTruth,
    circumstances: Circumstances,
    truth: OperationTruth,
    seen: dict[str, Any] | None,
    shares: dict[tuple[str, str], Bounds],
) -> None:
    outcome = circumstances.outcomes.of(process)
    whole = _ended_in_order(process, outcome)
    certain = truth.state is not None and (whole or truth.acknowledged)
    what = f"{truth.id} {truth.name!r} ({process.kind}, pid {process.pid})"
    if seen is None:
        gone = outcome.killed or (outcome.exit and outcome.exit.at) or process.leaving
        if certain:
            findings.lose(f"{what} {truth.state}: not shown", process, truth)
        elif gone is not None and circumstances.unheard(truth, gone):
            findings.unseen += 1
        else:
            findings.lose(f"{what}: its crash is not shown", process, truth)
        return
    state = seen["state"]
    findings.ends[state] += 1
    if state in OPEN:
        findings.lose(f"{what} is {truth.state}: shown as {state}", process, truth)
        return
    if any(stage["state"] in OPEN for stage in seen["stages"]):
        findings.false.append(f"{what}: has ended, and stages of it run")
    if certain:
        _compare(findings, what, truth, seen, shares)
    elif truth.state is not None:
        findings.doubtful += 1
        if state not in (truth.state, "crashed") and not _ended_by_parent(seen, outcome):
            findings.false.append(f"{what} is {truth.state}: shown as {state}")
    elif state != "crashed" and not _ended_by_parent(seen, outcome):
        findings.false.append(f"{what} had not ended when its process died: shown as {state}")


def _ended_by_parent(seen: dict[str, Any], outcome: Outcome) -> bool:
    """Return whether it is shown as ended by its parent, which has terminated its pool."""
    told = seen["state"] == "cancelled" and seen["reason"] == BY_PARENT
    return told and outcome.killed is not None


def _compare(
    findings: Findings,
    what: str,
    truth: OperationTruth,
    seen: dict[str, Any],
    shares: dict[tuple[str, str], Bounds],
) -> None:
    if seen["state"] != truth.state:
        shown = f"{seen['state']} {seen['error']!r}"
        findings.false.append(f"{what} is {truth.state}: shown as {shown}")
        return
    # No error text is kept on disk: a broker that took over after the end does not know it.
    known = seen["error"]
    if truth.error is not None and known is not None and truth.error not in known:
        findings.false.append(f"{what} failed of {truth.error!r}: shown is {known!r}")
    stages: dict[str, Any] = {}
    for stage in seen["stages"]:
        stages.setdefault(stage["name"], stage)
    for name, true in truth.stages.items():
        stage = stages.get(name)
        if stage is None:
            findings.false.append(f"{what}: stage {name!r} is not shown")
        elif true.state is not None and stage["state"] != true.state:
            wrong = f"is {true.state}: shown as {stage['state']}"
            findings.false.append(f"{what}: stage {name!r} {wrong}")
        else:
            least, most = shares.get((truth.id, name), Bounds(0, 0))
            counted = f"{what}: stage {name!r} counted {true.done}"
            if not true.done <= stage["done"] <= true.done + most:
                at = f"told {truth.told}, filed {truth.filed}, acknowledged {truth.acknowledged}"
                findings.false.append(f"{counted}: shown {stage['done']} ({at}, {stage})")
            elif stage["done"] < true.done + least:
                findings.shares_short.append(f"{counted} + {least}…{most}: shown {stage['done']}")


def check_runs(
    findings: Findings,
    runs: list[Run],
    circumstances: Circumstances,
    shown: dict[str, dict[str, Any]],
    *,
    everything: bool,
) -> None:
    """Compare the exit status of every `headway run` with what is shown of it."""
    by_name = {operation["name"]: operation for operation in shown.values()}
    for run in runs:
        seen = by_name.get(run.name)
        what = f"{run.name!r} (headway run, pid {run.pid}, exit status {run.status})"
        if seen is None and not everything:
            continue
        findings.operations += 1
        if run.status is None:
            findings.false.append(f"{what} never ended")
            continue
        state = None if seen is None else seen["state"]
        if state is not None:
            findings.ends[state] += 1
        crashed = run.status == -signal.SIGKILL
        if any(one.overlaps(run.ended - EXIT, run.ended) for one in circumstances.full):
            findings.unspooled += state not in _ends_of(run.status)
        elif seen is None:
            # By a signal, before it had begun to report, or to handle signals.
            if run.status < 0 and circumstances.unheard_run(run):
                findings.unseen += 1
            else:
                findings.lost.append(f"{what}: not shown")
        elif crashed:
            findings.doubtful += state != "crashed"
            if state in OPEN:
                findings.lost.append(f"{what}: shown as {state}")
        elif run.status > 0 and state == "cancelled" and circumstances.interrupted(run, seen["id"]):
            pass  # its command may have failed by itself just then: nobody knows
        elif state not in _ends_of(run.status):
            findings.false.append(f"{what}: shown as {state} {seen['error']!r}")
        elif run.status >= 0 and seen["exit_status"] != run.status:
            findings.false.append(f"{what}: shown with exit status {seen['exit_status']}")


def _ends_of(status: int) -> tuple[str, ...]:
    if status == 0:
        return ("completed",)
    if status > 0:
        return ("failed",)
    return ("crashed",) if status == -signal.SIGKILL else ("cancelled", "failed")
