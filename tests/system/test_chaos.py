"""A minute of chaos: no final state is lost and none is false; and its judge would notice."""

import os
import subprocess
import sys

import pytest
from chaotic.journal import Life, Told
from chaotic.verdict import Fates, Run, Verdict, judge, judge_runs
from machine import ROOT


def told(state="completed", done=5, **facts):
    one = Told("op", "Work", 7, "steady", 10.0, state, certain=True, ended=20.0, **facts)
    one.stages = {"Step": ["completed", done]} if state else {}
    return one


def life(operation, leaving=20.0):
    return Life(7, "steady", 9.0, {"op": operation}, leaving=leaving, how="exit" if leaving else "")


def shown(state="completed", done=5, error=None, stage="completed"):
    stages = [{"name": "Step", "state": stage, "done": done}]
    return {"op": {"id": "op", "name": "Work", "state": state, "error": error, "stages": stages}}


def judged(one, seen, fate=None, outages=(), full=()):
    fates = Fates()
    fates.exit(7, 8.0, 1)  # of an earlier process of that pid
    if fate == "killed":
        fates.kill(7, 20.0)
    fates.exit(7, 20.1, -9 if fate else 0)
    return judge([one], fates, list(outages), list(full), seen, everything=True)


def test_the_judge_has_nothing_against_the_truth():
    verdict = judged(life(told()), shown())
    assert (verdict.lost, verdict.false, verdict.ends["completed"]) == ([], [], 1)


@pytest.mark.parametrize(
    "seen", [{}, shown("running", stage="running")], ids=["not shown", "shown as running"]
)
def test_the_judge_finds_an_end_that_is_lost(seen):
    assert len(judged(life(told()), seen).lost) == 1


@pytest.mark.parametrize(
    ("one", "seen"),
    [
        (told(), shown("crashed")),
        (told("failed", error="no space"), shown("failed", error="another")),
        (told(), shown(done=4)),
        (told(done=4), shown(done=5)),
        (told(), shown(stage="running")),
        (told(), shown(stage="failed")),
    ],
    ids=["crashed", "another error", "too few", "too many", "a stage runs", "a stage failed"],
)
def test_the_judge_finds_what_is_false(one, seen):
    verdict = judged(life(one), seen)
    assert verdict.false, verdict


def test_of_a_killed_process_only_an_acknowledged_end_is_certain():
    assert judged(life(told(), None), shown("crashed"), "killed").doubtful == 1
    assert judged(life(told(safe=True), None), shown("crashed"), "killed").false
    assert judged(life(told(None), None), shown("completed", 0), "killed").false
    assert not judged(life(told(None), None), shown("crashed"), "killed").false


def test_a_crash_that_is_not_shown_is_excused_by_an_outage_only():
    assert judged(life(told(None), None), {}, "killed").lost
    assert judged(life(told(None), None), {}, "killed", outages=[(15.0, 25.0)]).unseen == 1


def child(how="exit"):
    return Life(8, "forker", 10.0, leaving=15.0, parted=15.5, how=how, shares={("op", "Step"): 3})


@pytest.mark.parametrize(
    ("forked", "full", "short"),
    [
        (child(), [], 1),
        (child("os._exit"), [], 0),
        (child(), [(15.2, 17.0)], 0),
    ],
    ids=["in order", "at once", "with nowhere to leave it"],
)
def test_the_judge_misses_what_a_child_counted_that_ended_in_order(forked, full, short):
    fates = Fates()
    fates.exit(7, 20.1, 0)
    for done, missing in ((5, short), (8, 0)):
        verdict = judge([life(told()), forked], fates, [], full, shown(done=done), everything=True)
        assert (len(verdict.shares_short), verdict.false) == (missing, [])


@pytest.mark.parametrize(("status", "begun", "lost"), [(-15, 4.9, 0), (-15, -60.0, 1), (0, 4.9, 1)])
def test_a_command_that_is_not_shown_is_excused_if_it_was_killed_at_once(status, begun, lost):
    verdict = Verdict()
    judge_runs(verdict, [Run("run 1", 8, begun, status, 5.0)], [], [], {}, everything=True)
    assert len(verdict.lost) == lost


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
def test_the_judge_compares_commands_with_their_exit_status(status, state, wrong):
    seen = {"op": {"name": "run 1", "state": state, "error": None, "exit_status": status}}
    verdict = Verdict()
    judge_runs(verdict, [Run("run 1", 8, 1.0, status, 5.0)], [], [], seen, everything=True)
    assert len(verdict.false) == wrong


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.timeout(300)
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
