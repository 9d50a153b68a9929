"""A minute of chaos: no final state is lost and none is false; and its checker would notice."""

import os
import random
import signal
import socket
import subprocess
import sys

import pytest
from benches.sandbox import wait_for
from chaos_testing.checker import Circumstances, Findings, Run, check_operations, check_runs
from chaos_testing.fault_injection import FaultInjector
from chaos_testing.journal import OperationTruth, ProcessTruth, StageTruth
from chaos_testing.observer import Revision
from chaos_testing.outcomes import Interval, Outcomes
from chaos_testing.sandbox import ChaosSandbox
from machine import ROOT


def truth(state="completed", done=5, **facts):
    stages = {"Step": StageTruth("completed", done)} if state else {}
    return OperationTruth("op", "Work", 10.0, state, stages=stages, **facts)


def process(operation, leaving=20.0):
    how = "exit" if leaving else ""
    return ProcessTruth(7, "steady", 9.0, {"op": operation}, leaving=leaving, how=how)


def shown(state="completed", done=5, error=None, stage="completed"):
    stages = [{"name": "Step", "state": stage, "done": done}]
    return {"op": {"id": "op", "name": "Work", "state": state, "error": error, "stages": stages}}


def found(processes, seen, outcomes, outages=(), full=()):
    findings = Findings()
    circumstances = Circumstances(outcomes, list(outages), list(full))
    check_operations(findings, processes, circumstances, seen, everything=True)
    return findings


def checked(one, seen, outages=(), *, killed=False):
    outcomes = Outcomes()
    outcomes.exit(7, 8.0, 1)  # of an earlier process of that pid
    if killed:
        outcomes.kill(7, 20.0)
    outcomes.exit(7, 20.1, -9 if killed else 0)
    return found([one], seen, outcomes, outages)


def test_the_checker_finds_nothing_wrong_with_the_truth():
    findings = checked(process(truth()), shown())
    assert (findings.lost, findings.false, findings.ends["completed"]) == ([], [], 1)


@pytest.mark.parametrize(
    "seen", [{}, shown("running", stage="running")], ids=["not shown", "shown as running"]
)
def test_the_checker_finds_an_end_that_is_lost(seen):
    assert len(checked(process(truth()), seen).lost) == 1


@pytest.mark.parametrize(
    ("one", "seen"),
    [
        (truth(), shown("crashed")),
        (truth("failed", error="no space"), shown("failed", error="another")),
        (truth(), shown(done=4)),
        (truth(done=4), shown(done=5)),
        (truth(), shown(stage="running")),
        (truth(), shown(stage="failed")),
    ],
    ids=["crashed", "another error", "too few", "too many", "a stage runs", "a stage failed"],
)
def test_the_checker_finds_what_is_false(one, seen):
    findings = checked(process(one), seen)
    assert findings.false, findings


def test_of_a_killed_process_only_an_acknowledged_end_is_certain():
    assert checked(process(truth(), None), shown("crashed"), killed=True).doubtful == 1
    assert checked(process(truth(acknowledged=True), None), shown("crashed"), killed=True).false
    assert checked(process(truth(None), None), shown("completed", 0), killed=True).false
    assert not checked(process(truth(None), None), shown("crashed"), killed=True).false


def test_a_crash_that_is_not_shown_is_excused_if_the_process_was_killed_before_it_had_told():
    assert checked(process(truth(None), None), {}, killed=True).unseen == 1
    assert checked(process(truth(None, told=19.0), None), {}, killed=True).unseen == 1
    assert checked(process(truth(None, told=11.0), None), {}, killed=True).lost


def test_a_crash_that_a_broker_was_told_of_is_excused_by_an_outage_only():
    told = process(truth(None, told=11.0), None)
    assert checked(told, {}, [Interval(15.0, 25.0)], killed=True).unseen == 1
    assert checked(told, {}, [Interval(25.0, 26.0)], killed=True).lost


def test_nothing_excuses_what_a_file_tells_of_a_killed_process():
    filed = process(truth(None, told=11.0, filed=10.1), None)
    assert checked(filed, {}, [Interval(15.0, 25.0)], killed=True).lost


def child(how="exit", unspooled=None):
    shares = {("op", "Step"): 3}
    left = {"leaving": 15.0, "parted": 15.5, "how": how, "unspooled": unspooled}
    return ProcessTruth(8, "forker", 10.0, shares=shares, **left)


@pytest.mark.parametrize(
    ("forked", "full", "short"),
    [
        (child(), [], 1),
        (child("os._exit"), [], 0),
        (child(unspooled="No space"), [Interval(15.2, 17.0)], 0),
        (child(), [Interval(15.2, 17.0)], 1),
    ],
    ids=["in order", "at once", "with nowhere to leave it", "with a file though the disk was full"],
)
def test_the_checker_misses_what_a_child_counted_that_ended_in_order(forked, full, short):
    outcomes = Outcomes()
    outcomes.exit(7, 20.1, 0)
    for done, missing in ((5, short), (8, 0)):
        findings = found([process(truth()), forked], shown(done=done), outcomes, full=full)
        assert (len(findings.shares_short), findings.false) == (missing, [])


@pytest.mark.parametrize(
    ("signalled", "cancelled", "false"), [(None, set(), 1), (4.0, set(), 0), (None, {"op"}, 0)]
)
def test_a_command_that_fails_as_it_is_cancelled_may_be_shown_as_either(
    signalled, cancelled, false
):
    outcomes = Outcomes()
    if signalled is not None:
        outcomes.kill(8, signalled)
    seen = {"op": {"id": "op", "name": "run 1", "state": "cancelled", "error": None}}
    findings = Findings()
    circumstances = Circumstances(outcomes, cancelled=cancelled)
    check_runs(findings, [Run("run 1", 8, 3.0, 7, 5.0)], circumstances, seen, everything=True)
    assert len(findings.false) == false


@pytest.mark.parametrize(("status", "begun", "lost"), [(-15, 4.9, 0), (-15, -60.0, 1), (0, 4.9, 1)])
def test_a_command_that_is_not_shown_is_excused_if_it_was_killed_at_once(status, begun, lost):
    findings = Findings()
    runs = [Run("run 1", 8, begun, status, 5.0)]
    check_runs(findings, runs, Circumstances(Outcomes()), {}, everything=True)
    assert len(findings.lost) == lost


@pytest.mark.parametrize(
    ("status", "state", "wrong"),
    [
        (0, "completed", 0),
        (0, "failed", 1),
        (7, "failed", 0),
        (7, "completed", 1),
        (-9, "crashed", 0),
    ],
)
def test_the_checker_compares_commands_with_their_exit_status(status, state, wrong):
    seen = {"op": {"name": "run 1", "state": state, "error": None, "exit_status": status}}
    findings = Findings()
    runs = [Run("run 1", 8, 1.0, status, 5.0)]
    check_runs(findings, runs, Circumstances(Outcomes()), seen, everything=True)
    assert len(findings.false) == wrong


@pytest.mark.parametrize(
    ("before", "reason", "corrects"),
    [
        ("crashed", None, True),
        ("ended", "left by os._exit", True),
        ("cancelled", "ended by its parent", True),
        ("cancelled", "by ^C", False),
        ("completed", None, False),
        ("failed", None, False),
    ],
)
def test_only_what_no_writer_told_is_corrected_and_not_taken_back(before, reason, corrects):
    assert Revision("op", before, "completed", reason).corrects is corrects


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.timeout(600)  # a minute, and as long as a busy machine needs for what then ends
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="scripts/chaos needs Linux")
def test_a_minute_of_chaos_loses_no_final_state_and_shows_no_false_one():
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HEADWAY")}
    environ["CHAOS_PYTHON"] = sys.executable
    done = subprocess.run(
        [
            f"{ROOT}/scripts/chaos",
            "--minutes",
            "1",
            "--workers",
            "10",
            "--viewers",
            "4",
            "--rate",
            "2",
        ],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "final states lost   0\n" in done.stdout
    assert "false states        0\n" in done.stdout
    assert "shares short        0\n" in done.stdout


def test_what_stops_itself_later_than_it_is_let_go_on_is_let_go_on_again():
    with ChaosSandbox() as sandbox:
        injector = FaultInjector(sandbox, random.Random(1), Outcomes())
        process = sandbox.start("sleep", "60")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as news:
            news.sendto(f"stopped {process.pid} 0".encode(), sandbox.news)

        def is_told():
            injector.tick()
            return injector.injected["SIGSTOP in an exit"] and not injector.stopped

        wait_for(is_told, 20.0, "being told")
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: sandbox.is_stopped(process.pid), 20.0, "its stop")

        def goes_on():
            injector.tick()
            return not sandbox.is_stopped(process.pid)

        wait_for(goes_on, 20.0, "its going on")
        assert not sandbox.is_stopped(process.pid)
        assert injector.injected["SIGSTOP in an exit"] == 1
