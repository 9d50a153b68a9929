"""What an ended operation teaches the next one of its key."""

import pytest
from wired import Wired

from headway.estimate.analogues.critical_path import KEY_SEPARATOR
from headway.estimate.observed import DEPTH_LIMIT
from headway.model import Operation, Stage


@pytest.fixture
def wired():
    return Wired()


def test_what_is_nested_deeper_than_the_deepest_stands_beside_it_for_the_forecast():
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start(stages=["level"] * (DEPTH_LIMIT + 4))
    for stage in list(op.stages.values())[1:]:
        stage.parent = stage.id - 1
        stage.move("running", wired.now)
    worker.announce()
    wired.core.recalled("Install", [])
    worker.end()
    [learn] = wired.learned()
    depths = [span["key"].count(KEY_SEPARATOR) for span in learn.run["spans"]]
    assert depths == [*range(DEPTH_LIMIT + 1), DEPTH_LIMIT, DEPTH_LIMIT, DEPTH_LIMIT]


@pytest.mark.parametrize("state", ["failed", "cancelled", "stopped"])
def test_of_what_did_not_come_to_its_end_only_whole_stages_teach(state):
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start(stages=("Fetch", "Build"))
    wired.core.recalled("Install", [])
    worker.work(10)
    fetch, build = op.stages.values()
    fetch.done = 100
    fetch.move("completed", wired.now)
    build.move("running", wired.now)
    worker.announce()
    worker.work(3, stage=2)
    build.done = 30
    if state == "stopped":
        build.move("completed", wired.now, "stopped at 30 of 100")
        op.move("completed", wired.now, "stopped at 30 of 100")
        worker.announce()
    else:
        worker.end(state=state)
    [learned] = [one.run for one in wired.learned()]
    assert learned["seconds"] is None
    assert [span["key"] for span in learned["spans"]] == ["Fetch"]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_of_what_broke_in_its_only_stage_nothing_is_learned(state):
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [])
    worker.work(3)
    worker.end(state=state)
    assert wired.learned() == []


def test_what_ended_without_a_verdict_teaches_nothing():
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start()
    wired.core.recalled("Install", [])
    worker.work(5)
    op.stages[1].done = 50
    worker.end(state="ended")
    assert wired.operation("op").state == "ended"
    assert 0 < wired.operation("op").progress < 1
    assert wired.learned() == []


def test_what_a_run_has_taken_so_far_is_told_while_it_goes_on_and_after_its_end(wired):
    worker = wired.worker()
    worker.start(stages=["Fetch"])
    worker.work(3)
    entry = wired.core.ledger.entries["op"]
    run, going = wired.core.forecasts.so_far(entry, wired.now)
    assert run.seconds == pytest.approx(3, abs=0.3)
    assert [(span.key, going) for span in run.spans] == [("Fetch", ["Fetch"])]
    worker.end()
    wired.pass_time(5)
    run, going = wired.core.forecasts.so_far(entry, wired.now)
    assert run.seconds == pytest.approx(3, abs=0.3)
    assert going == []


def test_a_run_tells_how_long_programs_waited_for_a_processor_meanwhile():
    wired = Wired(has_history=True)
    wired.core.look_at_pressure(25.0)
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [])
    wired.pass_time(8)
    wired.core.look_at_pressure(27.0)
    worker.end()
    [learn] = wired.learned()
    assert learn.run["load"] == pytest.approx(0.25, abs=0.01)
    assert learn.run["operation"] == "op"


def test_what_had_ended_when_it_came_is_learned_once():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.operations["early"] = made = Operation("early", "rows")
    made.move("running", worker.now - 8)
    stage = made.add_stage(Stage(1, "rows", total=20))
    stage.move("running", worker.now - 8)
    stage.done = 20
    made.move("completed", worker.now)
    worker.announce("early")
    worker.announce("early")
    assert [one.key for one in wired.learned()] == ["rows"]
