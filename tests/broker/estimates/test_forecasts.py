"""Progress and estimates: when they are made, from what, and what they teach."""

import pytest
from wired import Wired

from headway.estimate import Run
from headway.estimate.analogues.critical_path import KEY_SEPARATOR
from headway.estimate.observed import DEPTH_LIMIT
from headway.model import UNTOLD, Operation, Stage
from headway.protocol import messages, rows
from headway_broker.estimates import budget
from headway_broker.estimates.forecasts import HISTORY_TIMEOUT, Forecasts
from headway_broker.state import effects
from headway_broker.storage.policy import PARENT_WITHIN


@pytest.fixture
def wired():
    return Wired()


def work(wired, worker, seconds, per_second=10.0, stage=1):
    """Let a stage of 100 units go on."""
    for _ in range(int(seconds * 10)):
        wired.pass_time(0.1)
        held = wired.operation("op").stages[stage]
        worker.count({stage: held.done + per_second / 10})


def test_a_running_stage_gives_an_estimate_by_its_rate(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 5)
    op = wired.operation("op")
    assert op.progress == pytest.approx(0.5, abs=0.05)
    assert op.estimate.low <= op.estimate.median <= op.estimate.high
    assert op.estimate.median == pytest.approx(5, abs=3)
    assert op.estimate.basis == "rate"
    assert op.estimate.runs == 0


def test_earlier_runs_make_it_an_estimate_by_history():
    first = Wired(has_history=True)
    worker = first.worker()
    worker.start()
    first.core.recalled("Install", [])
    work(first, worker, 10)
    worker.end()
    [learn] = [effect for effect in first.effects if isinstance(effect, effects.StoreRun)]
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [learn.run])
    wired.follow()
    wired.pass_time(0.5)
    op = wired.operation("op")
    assert op.estimate.basis.startswith("history")
    assert op.estimate.median == pytest.approx(9.5, abs=1.5)
    assert op.usual[0] == op.late_after == pytest.approx(10, abs=0.2)


def test_a_history_that_never_answers_is_not_waited_for(wired):
    wired.core.storage.has_history = True
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 5)
    assert wired.operation("op").estimate is not None


def test_runs_that_are_none_are_left_out(wired):
    wired.core.storage.has_history = True
    wired.worker().start()
    good = Run(5.0, []).to_dict()
    wired.core.recalled("Install", [{"format": 99}, good, {}])
    wired.follow()
    wired.pass_time(0.2)
    assert wired.operation("op").late_after == 5.0


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_progress_is_whole_only_on_success(wired, state):
    worker = wired.worker()
    worker.start()
    worker.count({1: 100})
    wired.pass_time(1)
    worker.end(state=state)
    assert wired.operation("op").progress < 1
    assert wired.operation("op").estimate is None
    worker.start("good")
    worker.end("good")
    assert wired.operation("good").progress == 1.0


def test_a_loop_that_was_left_early_ends_where_it_stopped(wired):
    worker = wired.worker()
    op = worker.start(total=10)
    stage = op.stages[1]
    stage.done = 4
    for part in (stage, op):
        part.move("completed", wired.now, "stopped at 4 of 10")
    worker.announce()
    wired.pass_time(1)
    assert wired.operation("op").stages[1].progress == 0.4
    assert wired.operation("op").progress == 0.4


@pytest.mark.parametrize("of", ["operation", "stage"])
def test_nobody_knows_when_a_person_answers(wired, of):
    worker = wired.worker()
    op = worker.start()
    wired.follow()
    work(wired, worker, 3)
    assert wired.operation("op").estimate is not None
    op.stages[1].done = 30
    waiting = op if of == "operation" else op.stages[1]
    waiting.move("waiting", wired.now, "an answer: keep the old file? [y/n]")
    worker.announce()
    wired.pass_time(2)
    asked = wired.operation("op")
    assert asked.estimate is None
    assert asked.stages[1].estimate is None or of == "operation"
    waiting.move("running", wired.now)
    worker.announce()
    wired.pass_time(2)
    assert wired.operation("op").estimate is not None


def test_a_lock_is_waited_for_in_time_that_is_not_learned():
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start()
    wired.core.recalled("Install", [])
    work(wired, worker, 3)
    op.move("waiting", wired.now, "the dpkg lock")
    worker.announce()
    wired.pass_time(500)
    op.move("running", wired.now)
    worker.announce()
    worker.end()
    [learned] = [e for e in wired.effects if isinstance(e, effects.StoreRun)]
    assert learned.run["seconds"] < 10


def test_estimates_go_on_while_nothing_changes(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 3)
    before = wired.operation("op").estimate
    wired.pass_time(2)
    assert wired.operation("op").estimate != before


def test_an_operation_that_a_new_broker_meets_in_its_middle_keeps_its_pace():
    """The stages' own times say how long they have been at work."""
    worker = Wired(now=140.0).worker()
    op = worker.start(stages=("a", "b"))
    op.stages[1].done = 60
    worker.wired = wired = Wired(now=200.0)
    worker.hello()
    worker.announce()
    wired.follow()
    wired.pass_time(2)
    assert wired.operation("op").stages[1].estimate.median == pytest.approx(40, rel=0.5)


def test_estimates_stay_within_their_share_of_time(wired, monkeypatch):
    made = []
    real = Forecasts.estimate_one
    monkeypatch.setattr(
        Forecasts, "estimate_one", lambda self, e, now: (made.append(now), real(self, e, now))
    )
    worker = wired.worker()
    for number in range(500):
        worker.start(f"op{number}", stages=[f"stage {n}" for n in range(20)])
    wired.follow()
    wired.pass_time(1)
    made.clear()
    for number in range(60):
        worker.count(dict.fromkeys(range(1, 10001, 20), number))
        wired.pass_time(0.05)
    cost = budget.price(20, 1, 0)
    assert len(made) * cost <= 3 * budget.CORE_PART * 1.2
    assert len(made) * cost >= 3 * budget.CORE_PART * 0.6


def test_the_stalest_come_first(wired):
    worker = wired.worker()
    for number in range(30):
        worker.start(f"op{number}")
    wired.follow()
    wired.pass_time(3)
    estimated = [entry.forecast.estimated_at for entry in wired.core.ledger.entries.values()]
    assert max(estimated) - min(estimated) <= 1.2


def test_an_operation_that_is_forgotten_is_estimated_no_more(wired):
    worker = wired.worker()
    worker.start()
    entry = wired.core.ledger.entries["op"]
    wired.core.forecasts.forget(entry)
    wired.pass_time(5)
    assert entry.forecast is None
    assert wired.core.forecasts.deadline(watched=True) is None


def test_an_operation_weighs_as_a_stage_of_its_parent(wired):
    worker = wired.worker()
    worker.start("parent", name="Build", stages=("Compile",), total=None)
    other = wired.worker("child")
    child = other.start("child", name="Compile one half")
    child.parent = "parent/1"
    other.stage_ids = iter(range(1, 9))
    other.announce("child")
    wired.follow()
    for number in range(1, 51):
        other.count({1: number})
        wired.pass_time(0.1)
    wired.pass_time(1)
    assert wired.operation("child").progress == pytest.approx(0.5, abs=0.02)
    assert 0.1 < wired.operation("parent").progress < 0.6
    before = wired.operation("parent").progress
    other.end("child")
    wired.pass_time(1)
    assert wired.operation("parent").progress > before


def test_a_stage_that_counts_by_itself_is_not_counted_twice(wired):
    worker = wired.worker()
    worker.start("parent", name="Build", stages=("Compile",), total=10)
    other = wired.worker("child")
    child = other.start("child", name="One of ten")
    child.parent = "parent/1"
    other.announce("child")
    wired.follow()
    other.end("child")
    wired.pass_time(1)
    assert wired.core.ledger.entries["parent"].forecast.children == {}


@pytest.mark.parametrize(
    "parent", ["op", "op/1", "none", "none/1", "op/x", "/", "op/99999999999999999999"]
)
def test_a_parent_that_is_none_harms_nothing(wired, parent):
    worker = wired.worker()
    op = worker.start("op")
    op.parent = parent
    worker.announce("op")
    wired.follow()
    wired.pass_time(2)
    worker.end("op")
    assert wired.operation("op").progress == 1.0


@pytest.mark.parametrize("method", ["__init__", "observe", "estimate", "progress", "finish"])
def test_an_algorithm_that_fails_costs_its_operation_the_estimate_only(monkeypatch, method):
    def fail(*_arguments, **_named):
        raise ZeroDivisionError(method)

    wired = Wired()
    wired.follow()
    monkeypatch.setattr(f"headway_broker.estimates.forecasts.Forecast.{method}", fail)
    worker = wired.worker()
    worker.start(stages=["one", "two"])
    worker.count({1: 50})
    wired.pass_time(3)
    worker.end()
    wired.pass_time(1)
    operation = wired.operation("op")
    assert (operation.state, operation.progress) == ("completed", 1.0)
    assert operation.estimate is None
    assert wired.dropped() == {"broken": 1}
    assert any(note.startswith("broken: estimate of op of worker: Zero") for note in wired.notes())


def test_what_is_typical_here_is_the_first_guess_of_what_is_unknown():
    medians = []
    for prior in (1.0, 100.0):
        wired = Wired(has_history=True)
        wired.worker().start(stages=("Fetch", "Build", "Install"))
        wired.core.recalled("Install", [], prior)
        wired.follow()
        wired.pass_time(2)
        medians.append(wired.operation("op").estimate.median)
    assert medians[1] > 5 * medians[0]


def halt(wired, worker, reason):
    """Let an operation wait."""
    op = worker.operations["op"]
    for part in op.stages.values():
        part.done = wired.operation("op").stages[part.id].done
    op.move("waiting", wired.now, reason)
    worker.announce()
    wired.pass_time(1.2)


def test_an_operation_has_no_estimate_while_a_part_of_it_waits_for_an_answer(wired):
    worker = wired.worker()
    worker.start("parent", name="Build", stages=("Compile", "Link"), total=None)
    child = worker.start("op", name="make", total=100)
    child.parent = "parent/1"
    worker.announce("op")
    wired.follow()
    wired.pass_time(3)
    assert wired.operation("parent").estimate is not None
    halt(wired, worker, "an answer: go on?")
    wired.pass_time(2)
    assert wired.operation("parent").estimate is None
    worker.end("op")
    wired.pass_time(2)
    assert wired.operation("parent").estimate is not None


def test_an_operation_that_waits_while_its_history_is_read_is_held_as_well():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    halt(wired, worker, "the dpkg lock")
    wired.core.recalled("Install", [])
    wired.pass_time(100)
    worker.operations["op"].move("running", wired.now)
    worker.announce()
    work(wired, worker, 10)
    worker.end()
    [learn] = [effect for effect in wired.effects if isinstance(effect, effects.StoreRun)]
    assert learn.run["seconds"] == pytest.approx(10, abs=0.5)


def test_an_estimate_that_stands_still_is_told_again_for_those_that_count_down(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 5)
    halt(wired, worker, "the dpkg lock")
    wired.pass_time(600)
    before = len(wired.published)
    estimate = wired.operation("op").estimate
    assert estimate is not None
    wired.pass_time(5)
    assert wired.operation("op").estimate == estimate
    told = [row for _, m in wired.published[before:] for row in getattr(m, "operations", [])]
    assert len([row for row in told if row[4]]) >= 4


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
    [learn] = [effect for effect in wired.effects if isinstance(effect, effects.StoreRun)]
    depths = [span["key"].count(KEY_SEPARATOR) for span in learn.run["spans"]]
    assert depths == [*range(DEPTH_LIMIT + 1), DEPTH_LIMIT, DEPTH_LIMIT, DEPTH_LIMIT]


@pytest.mark.parametrize("parents", [(1,), (2, 1), (2, 3, 1), (99, 1)])
def test_stages_in_a_circle_or_of_no_parent_keep_the_forecast(parents):
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start(stages=["astray"] * len(parents))
    for stage, parent in zip(op.stages.values(), parents):
        stage.parent = parent
    worker.announce()
    wired.core.recalled("Install", [])
    wired.follow()
    work(wired, worker, 3)
    worker.end(state="failed")
    assert "estimate" not in wired.dropped()
    assert wired.operation("op").progress is None or wired.operation("op").progress < 1.0


def asked(wired):
    """How often runs were asked for by now."""
    return sum(isinstance(effect, effects.Recall) for effect in wired.effects)


def test_runs_that_were_never_read_are_asked_for_again_by_the_next_operation_of_that_key():
    wired = Wired(has_history=True)
    worker = wired.worker()
    wired.follow()
    worker.start("first")
    worker.start("second")
    assert asked(wired) == 1
    wired.pass_time(HISTORY_TIMEOUT + 1)
    worker.start("third")
    assert asked(wired) == 2
    wired.core.recalled("Install", [Run(5.0, []).to_dict()])
    wired.pass_time(0.5)
    assert wired.operation("third").late_after == 5.0


@pytest.mark.parametrize("ends", [True, False])
def test_what_waits_for_runs_that_are_never_read_does_not_pile_up(ends):
    wired = Wired(has_history=True)
    worker = wired.worker()
    wired.follow()
    for number in range(5):
        worker.start(f"op{number}")
        if ends:
            worker.end(f"op{number}")
        wired.pass_time(HISTORY_TIMEOUT + 1)
    assert wired.core.forecasts.waiting == 0


def test_since_when_the_counts_stand_still_is_published_and_is_over_at_the_end(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 3)
    moved = wired.now
    work(wired, worker, 40, per_second=0.0)
    assert wired.operation("op").stalled_since == pytest.approx(moved, abs=1.5)
    worker.end()
    wired.pass_time(0.1)
    assert wired.operation("op").stalled_since is None


def test_nobody_knows_when_a_paused_operation_goes_on_and_its_time_is_not_learned():
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start()
    wired.core.recalled("Install", [])
    wired.follow()
    work(wired, worker, 5)
    op.stages[1].done = 50
    op.move("waiting", wired.now, "paused")
    worker.announce()
    wired.pass_time(60)
    paused = wired.operation("op")
    assert (paused.estimate, paused.stages[1].estimate) == (None, None)
    op.move("running", wired.now)
    worker.announce()
    work(wired, worker, 3)
    assert wired.operation("op").estimate.median < 10
    work(wired, worker, 2)
    worker.end()
    [learn] = [effect for effect in wired.effects if isinstance(effect, effects.StoreRun)]
    assert learn.run["seconds"] == pytest.approx(10, abs=1)


@pytest.mark.parametrize("state", ["failed", "cancelled", "stopped"])
def test_of_what_did_not_come_to_its_end_only_whole_stages_teach(state):
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start(stages=("Fetch", "Build"))
    wired.core.recalled("Install", [])
    work(wired, worker, 10)
    fetch, build = op.stages.values()
    fetch.done = 100
    fetch.move("completed", wired.now)
    build.move("running", wired.now)
    worker.announce()
    work(wired, worker, 3, stage=2)
    build.done = 30
    if state == "stopped":
        build.move("completed", wired.now, "stopped at 30 of 100")
        op.move("completed", wired.now, "stopped at 30 of 100")
        worker.announce()
    else:
        worker.end(state=state)
    [learned] = [one.run for one in wired.effects if isinstance(one, effects.StoreRun)]
    assert learned["seconds"] is None
    assert [span["key"] for span in learned["spans"]] == ["Fetch"]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_of_what_broke_in_its_only_stage_nothing_is_learned(state):
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [])
    work(wired, worker, 3)
    worker.end(state=state)
    assert not [one for one in wired.effects if isinstance(one, effects.StoreRun)]


def test_what_ended_without_a_verdict_teaches_nothing():
    wired = Wired(has_history=True)
    worker = wired.worker()
    op = worker.start()
    wired.core.recalled("Install", [])
    work(wired, worker, 5)
    op.stages[1].done = 50
    worker.end(state="ended")
    assert wired.operation("op").state == "ended"
    assert 0 < wired.operation("op").progress < 1
    assert not [effect for effect in wired.effects if isinstance(effect, effects.StoreRun)]


def test_what_a_run_has_taken_so_far_is_told_while_it_goes_on_and_after_its_end(wired):
    worker = wired.worker()
    worker.start(stages=["Fetch"])
    work(wired, worker, 3)
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
    wired = Wired(has_history=True, stalled=lambda: wired.now / 4)
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [])
    wired.pass_time(8)
    worker.end()
    [learn] = [effect for effect in wired.effects if isinstance(effect, effects.StoreRun)]
    assert learn.run["load"] == pytest.approx(0.25, abs=0.01)
    assert learn.run["operation"] == "op"


def test_what_is_usual_is_published_with_its_range_and_the_key_it_is_learned_under():
    wired = Wired(has_history=True)
    wired.follow()
    worker = wired.worker()
    worker.start()
    wired.core.recalled("Install", [Run(seconds, []).to_dict() for seconds in (10.0, 20.0, 30.0)])
    wired.pass_time(1)
    assert wired.operation("op").usual == (20.0, 12.0, 28.0, 3)
    told = [
        rows.decode(row)
        for _, message in wired.published
        if isinstance(message, messages.Delta)
        for row in message.operations
    ]
    assert [row.record.key for row in told if row.record is not None] == ["Install"]
    row = [row for row in told if row.figures is not None][-1]
    assert row.figures.usual == (20.0, 12.0, 28.0, 3)


def learned(wired):
    return [effect.key for effect in wired.effects if isinstance(effect, effects.StoreRun)]


def recalls(wired):
    return [effect.key for effect in wired.effects if isinstance(effect, effects.Recall)]


def child_of(worker, parent):
    """Let an operation inside another begin."""
    worker.operations["child"] = made = Operation("child", "rows", parent=parent)
    made.move("running", worker.now)
    made.add_stage(Stage(1, "rows", total=20)).move("running", worker.now)
    worker.announce("child")


def test_a_child_that_came_before_its_parent_is_learned_below_it():
    wired = Wired(has_history=True)
    pool = wired.worker("pool")
    child_of(pool, "main")
    assert recalls(wired) == ["rows"]
    wired.core.recalled("rows", [])
    wired.worker("main").start("main", name="pool job")
    assert recalls(wired) == ["rows", "pool job", "pool job / rows"]
    wired.core.recalled("pool job / rows", [])
    wired.pass_time(5.0)
    pool.end("child")
    assert learned(wired) == ["pool job / rows"]


def test_a_child_whose_parent_is_never_heard_of_is_learned_by_its_name():
    wired = Wired(has_history=True)
    pool = wired.worker("pool")
    child_of(pool, "main")
    wired.core.recalled("rows", [])
    wired.pass_time(5.0)
    pool.end("child")
    assert learned(wired) == []
    wired.pass_time(PARENT_WITHIN + 2, step=0.5)
    assert learned(wired) == ["rows"]
    wired.worker("main").start("main", name="pool job")
    assert learned(wired) == ["rows"]


def test_a_child_that_has_ended_before_its_parent_came_is_learned_below_it():
    wired = Wired(has_history=True)
    pool = wired.worker("pool")
    child_of(pool, "main")
    wired.pass_time(1.0)
    pool.end("child")
    wired.worker("main").start("main", name="pool job")
    wired.pass_time(PARENT_WITHIN + 2, step=0.5)
    assert learned(wired) == ["pool job / rows"]


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
    assert learned(wired) == ["rows"]


def test_of_an_operation_with_more_stages_than_were_told_there_is_no_whole(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    work(wired, worker, 5)
    assert wired.operation("op").progress is not None
    worker.operations["op"].planned = UNTOLD
    worker.announce()
    work(wired, worker, 3)
    assert wired.operation("op").progress is None
    assert wired.operation("op").estimate is None
