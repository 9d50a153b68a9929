"""Progress and estimates: when they are made, from what, and at which cost."""

import pytest
from wired import Wired

from headway.estimate import Forecast, Run
from headway.estimate.history.span import Span
from headway.model import UNTOLD
from headway.protocol import messages, rows
from headway_broker.state.effects import OF_OTHERS


@pytest.fixture
def wired():
    return Wired()


def test_a_running_stage_gives_an_estimate_by_its_rate(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.work(5)
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
    worker.work(10)
    worker.end()
    [learn] = first.learned()
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


def test_what_others_took_is_not_called_usual():
    wired = Wired(has_history=True)
    wired.worker().start()
    run = Run(10.0, [Span("Copy", 0.0, 10.0, 10.0)], []).to_dict()
    wired.core.recalled("Install", [{**run, OF_OTHERS: True}])
    wired.follow()
    wired.pass_time(0.5)
    op = wired.operation("op")
    assert op.estimate.runs == 1
    assert op.usual is None
    assert op.late_after is None


def test_a_history_that_never_answers_is_not_waited_for(wired):
    wired.core.storage.has_history = True
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.work(5)
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


def test_estimates_go_on_while_nothing_changes(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.work(3)
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


def test_of_a_crowd_of_stages_nothing_is_estimated_until_most_have_ended(wired, monkeypatch):
    monkeypatch.setattr("headway_broker.estimates.forecasts.CROWD", 3)
    monkeypatch.setattr("headway_broker.estimates.forecasts.TOLD_AT_ONCE", 3)
    made = []
    real = Forecast.estimate
    monkeypatch.setattr(
        Forecast, "estimate", lambda self, now: (made.append(now), real(self, now))[1]
    )
    worker = wired.worker()
    op = worker.start(stages=["one", "two", "three", "four", "five"])
    for stage in list(op.stages.values())[1:]:
        stage.move("running", worker.now)
    worker.announce()
    wired.follow()
    for number in range(1, 30):
        worker.count(dict.fromkeys(op.stages, number))
        wired.pass_time(0.1)
    entry = wired.core.ledger.entries["op"]
    assert made == []
    assert (entry.operation.estimate, entry.operation.progress) == (None, None)
    wired.pass_time(3)
    assert not entry.forecast.changed  # they take turns
    for stage in list(op.stages.values())[:3]:
        stage.done = stage.total
        stage.move("completed", worker.now)
    worker.announce()
    for number in range(30, 60):
        worker.count({4: number, 5: number})
        wired.pass_time(0.1)
    assert made
    assert entry.operation.estimate is not None
    assert entry.operation.stages[5].estimate is not None


def test_an_operation_that_is_forgotten_is_estimated_no_more(wired):
    worker = wired.worker()
    worker.start()
    entry = wired.core.ledger.entries["op"]
    wired.core.forecasts.forget(entry)
    wired.pass_time(5)
    assert entry.forecast is None
    assert wired.core.forecasts.deadline(watched=True) is None


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
    worker.work(3)
    worker.end(state="failed")
    assert "estimate" not in wired.dropped()
    assert wired.operation("op").progress is None or wired.operation("op").progress < 1.0


def test_since_when_the_counts_stand_still_is_published_and_is_over_at_the_end(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.work(3)
    moved = wired.now
    worker.work(40, per_second=0.0)
    assert wired.operation("op").stalled_since == pytest.approx(moved, abs=1.5)
    worker.end()
    wired.pass_time(0.1)
    assert wired.operation("op").stalled_since is None


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


def test_of_an_operation_with_more_stages_than_were_told_there_is_no_whole(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.work(5)
    assert wired.operation("op").progress is not None
    worker.operations["op"].planned = UNTOLD
    worker.announce()
    worker.work(3)
    assert wired.operation("op").progress is None
    assert wired.operation("op").estimate is None
