"""The report of an experiment: what was injected, lost or false, and how long calls took."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from typing import NamedTuple

from chaos_testing.checker import Findings, check_operations, check_runs, read_journals
from chaos_testing.experiment import Experiment
from chaos_testing.journal import OperationTruth, ProcessTruth
from chaos_testing.outcomes import Outcomes
from headway_broker.history.database import NAME

ASKED = 6  # times that a new viewer tries: the last broker may just have been told to stop
QUERY_TIMEOUT = 30.0  # seconds for each try, on a machine that is busy
KEPT = 500  # ended operations that a broker keeps: a new viewer is shown no more


class Delays(NamedTuple):
    """How long processes were held up that were not stopped meanwhile.

    `worst` is the process with the longest call, `calls` the number of all calls, `left` are the
    processes that left by themselves.
    """

    worst: ProcessTruth | None
    calls: int
    left: list[ProcessTruth]


def measure_delays(processes: list[ProcessTruth], outcomes: Outcomes) -> Delays:
    """Find the longest call, and the processes whose exit counts."""
    worst: ProcessTruth | None = None
    left: list[ProcessTruth] = []
    for process in processes:
        outcome = outcomes.of(process)
        at, took = process.blocked_at, process.waited
        stopped = any(one.overlaps(at, at + took) for one in outcome.stopped)
        if not stopped and (worst is None or process.blocked > worst.blocked):
            worst = process
        if process.leaving is None or process.parted is None or outcome.killed is not None:
            continue
        if not any(one.ended >= process.leaving for one in outcome.stopped):
            left.append(process)
    return Delays(worst, sum(process.calls for process in processes), left)


def check(experiment: Experiment, processes: list[ProcessTruth]) -> tuple[Findings, Findings]:
    """Compare the journals with what the observer and a new viewer are shown."""
    fresh = None
    for _ in range(ASKED):
        fresh = fresh or experiment.sandbox.query("ps", "--json", within=QUERY_TIMEOUT)
    answered = fresh is not None
    seen = {operation["id"]: operation for operation in fresh["operations"]} if answered else {}
    for process in processes:
        for pid, at in process.terminated:
            experiment.outcomes.kill(pid, at)
    circumstances = experiment.circumstances()
    runs = list(experiment.runs.values())
    results = []
    complete = (
        answered and len(seen) < KEPT
    )  # who got no answer was shown nothing, and lost nothing
    for shown, everything in ((experiment.observer.shown, True), (seen, complete)):
        findings = Findings()
        check_operations(findings, processes, circumstances, shown, everything=everything)
        check_runs(findings, runs, circumstances, shown, everything=everything)
        results.append(findings)
    results[1].unanswered = not answered
    return results[0], results[1]


def report(experiment: Experiment) -> int:
    """Check and print; return 1 if anything was lost or false, 0 otherwise."""
    processes = read_journals(experiment.sandbox.journals)
    status = experiment.sandbox.query("broker", "status", "--json")
    observed, fresh = check(experiment, processes)
    observer = experiment.observer
    _print_injected(experiment)
    print(
        f"processes        {len(processes)} reporting, {len(experiment.runs)} × headway run, "
        f"{len(experiment.brokers)} brokers"
    )
    wrong = _print_findings(experiment, observed, fresh)
    _print_delays(measure_delays(processes, experiment.outcomes))
    print(f"load average     {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    peak = max(experiment.brokers.values(), default=0)
    print(f"broker memory    {peak / 1e6:.1f} MB at its peak")
    alive = observer.alive()
    print(
        f"observer         {observer.lines} lines, {observer.snapshots} snapshots, "
        f"{observer.gaps} gaps, {'alive' if alive else 'DEAD'}"
    )
    if status:
        dropped = ", ".join(f"{count} {why}" for why, count in status["dropped"].items())
        print(f"last broker      dropped: {dropped or 'nothing'}")
    for line in wrong:
        print(line)
    missing = {**observed.missing, **fresh.missing}
    for process, truth in list(missing.values())[:20]:
        print(evidence(experiment, process, truth))
    waiting = experiment.waiting_files(experiment.observer.shown)
    print(f"left in the spool   {', '.join(sorted(waiting)) or 'nothing'}")
    tracebacks = experiment.sandbox.tracebacks()
    print(f"tracebacks       {len(tracebacks)}")
    for lines in tracebacks[:3]:
        print("\n".join(lines))
    print(json.dumps(_summary(experiment, processes, observed, fresh)))
    return 1 if wrong or waiting or tracebacks or not alive else 0


def stopped_in_exit(processes: list[ProcessTruth], outcomes: Outcomes) -> list[ProcessTruth]:
    """Return the processes that were stopped between the end of their own code and their exit."""
    found: list[ProcessTruth] = []
    for process in processes:
        outcome = outcomes.of(process)
        gone = (outcome.exit and outcome.exit.at) or process.parted
        if process.leaving is None or gone is None:
            continue
        if any(one.overlaps(process.leaving, gone) for one in outcome.stopped):
            found.append(process)
    return found


def evidence(experiment: Experiment, process: ProcessTruth, truth: OperationTruth) -> str:
    """Return what is known of an operation that is lost, for whoever looks for the cause."""
    sandbox, outcome = experiment.sandbox, experiment.outcomes.of(process)
    times = {
        "opened": truth.opened, "told": truth.told, "filed": truth.filed,
        "leaving": process.leaving, "spooled": process.spooled, "parted": process.parted,
        "exit": outcome.exit and outcome.exit.at, "killed": outcome.killed,
    }  # fmt: skip
    said = [f"{name} {at:.3f}" for name, at in times.items() if at is not None]
    if process.unspooled is not None:
        said.append(f"no file: {process.unspooled}")
    said += [f"stopped {one.begun:.3f}–{one.ended:.3f}" for one in outcome.stopped]
    said.append(f"in the history: {_stored(os.path.join(sandbox.state, NAME), truth.id)}")
    files = experiment.waiting_files(())
    said.append(f"waiting files: {len(files)}")
    with open(os.path.join(sandbox.runtime, "broker.log"), encoding="utf-8") as log:
        said += [line.strip() for line in log if truth.id in line]
    first, last = truth.opened - 3.0, (outcome.exit.at if outcome.exit else truth.opened) + 5.0
    with open(os.path.join(sandbox.directory, "events"), encoding="utf-8") as events:
        for event in events:
            at, _, what = event.strip().partition(" ")
            if first <= float(at) <= last and not what.startswith("exit "):
                said.append(event.strip())
    return f"  of {truth.id}: " + "\n      ".join(said)


def _stored(path: str, operation: str) -> str:
    try:
        connection = sqlite3.connect(path)
        query = "SELECT revision, ended FROM operations WHERE id = ?"
        return str(connection.execute(query, (operation,)).fetchall())
    except sqlite3.Error as error:
        return str(error)


def _summary(
    experiment: Experiment, processes: list[ProcessTruth], observed: Findings, fresh: Findings
) -> dict[str, object]:
    stopped = stopped_in_exit(processes, experiment.outcomes)
    return {
        "seed": experiment.options.seed,
        "ends": sum(observed.ends.values()),
        "stopped_in_exit": len(stopped),
        "ends_stopped_in_exit": sum(len(process.operations) for process in stopped),
        "lost": len({*observed.lost, *fresh.lost}),
        "false": len({*observed.false, *fresh.false}) + len(experiment.observer.false_progress),
        "taken_back": len(experiment.observer.taken_back()),
        "unspooled": max(observed.unspooled, fresh.unspooled),
        "load": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def _print_injected(experiment: Experiment) -> None:
    options, injector = experiment.options, experiment.injector
    print(
        f"chaos: {options.minutes:g} min, seed {options.seed}, {options.workers} workers and "
        f"{options.viewers} viewers at a time, {options.rate:g} faults a second"
    )
    print("faults injected")
    for name, count in injector.injected.most_common():
        print(f"  {count:5}  {name}")
    for name in sorted(injector.left_out):
        print(f"   none  {name}")


def _print_findings(experiment: Experiment, observed: Findings, fresh: Findings) -> list[str]:
    """Print the counts; return a line for each of the first twenty of a kind that is wrong."""
    ends = ", ".join(f"{count} {state}" for state, count in observed.ends.most_common())
    print(f"operations       {observed.operations}: {ends}")
    print(
        f"in doubt         {observed.doubtful} ended in a process that was killed before it "
        f"could say so; {observed.unseen} were never heard of"
    )
    unspooled = max(observed.unspooled, fresh.unspooled)
    if unspooled:
        print(
            f"nowhere to leave {unspooled} ended with the runtime disk full and no answer of the "
            "broker within a second"
        )
    lost = _by_viewer(observed.lost, fresh.lost)
    progress = sorted(
        f"{id_} was shown with a progress of 1 that it had not"
        for id_ in experiment.observer.false_progress
    )
    false = _by_viewer(observed.false, fresh.false)
    short = _by_viewer(observed.shares_short, fresh.shares_short)
    print(f"final states lost   {len(lost)}")
    print(f"false states        {len(false) + len(progress)}")
    taken_back = [
        f"{one.id} was shown as {one.before}, then {one.after}"
        for one in experiment.observer.taken_back()
    ]
    corrected = len(experiment.observer.revised) - len(taken_back)
    print(f"ends taken back     {len(taken_back)}")
    if corrected:
        print(f"                    {corrected} that no writer had told were corrected")
    print(f"shares short        {len(short)}")
    unanswered = [f"the last broker answered none of {ASKED} times"] if fresh.unanswered else []
    return [
        f"{kind}: {line}"
        for kind, lines in (
            ("new viewer", unanswered),
            ("lost", lost),
            ("false", false),
            ("shares", short),
            ("false", progress),
            ("taken back", taken_back),
        )
        for line in lines[:20]
    ]


def _by_viewer(observed: list[str], fresh: list[str]) -> list[str]:
    """Return the findings of both viewers, each with the one that has it where one has not."""
    found = []
    for line in sorted({*observed, *fresh}):
        one = "" if line in observed and line in fresh else " [of the observer]"
        found.append(line + (one if line in observed else " [of a new viewer]"))
    return found


def _print_delays(delays: Delays) -> None:
    worst, left = delays.worst, delays.left
    if worst is not None:
        print(
            f"worker delay     at most {worst.blocked * 1000:.1f} ms held up in one of "
            f"{delays.calls} calls ({worst.blocked_in}, {worst.kind}, pid {worst.pid})"
        )
    if left:
        slowest = max(left, key=lambda process: process.parting - process.starved)
        usual = sorted(process.parting for process in left)[len(left) // 2]
        longest = max(process.parting for process in left)
        print(
            f"exit delay       at most {slowest.parting - slowest.starved:.2f} s "
            f"({slowest.kind}, pid {slowest.pid}); on this machine it took {longest:.2f} s at "
            f"most, typically {usual:.3f} s"
        )
