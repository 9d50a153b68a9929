"""The callback (current, total, text) of installers' coordinators."""

import sys

import pytest

import headway


@pytest.fixture
def op(reporter):
    return headway.operation("Install").start()


def told(op):
    return [(stage.name, stage.state) for stage in op.stages]


@pytest.mark.parametrize("first", [0, 1])
def test_each_number_is_a_stage_whether_they_count_from_0_or_1(op, first):
    for number, text in enumerate(("Download", "Unpack", "Configure"), first):
        op.steps(number, 3, text)
    assert told(op) == [
        ("Download", "completed"),
        ("Unpack", "completed"),
        ("Configure", "running"),
    ]
    assert op.model.planned == 3
    op.complete()
    assert told(op)[-1] == ("Configure", "completed")


def test_the_same_number_again_says_what_the_step_is_busy_with(op):
    op.steps(1, 2, "Download")
    op.steps(1, 2, "half of it")
    assert told(op) == [("Download", "running")]
    assert op.stages[0].model.detail == "half of it"


def test_a_number_that_falls_runs_a_step_again_and_completes_none(op):
    for number, text in ((1, "Fetch"), (2, "Check"), (1, "Fetch")):
        op.steps(number, 2, text)
    assert told(op) == [("Fetch", "running"), ("Check", "skipped")]
    assert op.stages[0].model.attempt == 2


@pytest.mark.parametrize("first", [0, 1])
def test_many_steps_are_one_stage_that_counts(op, first):
    for number in range(first, first + 30):
        op.steps(number, 400, f"file {number}")
    assert told(op) == [("Steps", "running")]
    model = op.stages[0].model
    assert (model.done, model.total, model.detail) == (29, 400, f"file {first + 29}")


def test_a_step_without_a_text_is_called_by_its_number(op):
    op.steps(2)
    assert told(op) == [("Step 2", "running")]


@pytest.mark.parametrize("arguments", [("x", 3, "a"), (float("nan"), 3, "a"), (None, None, None)])
def test_what_is_no_number_changes_nothing(op, arguments):
    op.steps(*arguments)
    assert told(op) == []


def test_nothing_happens_once_the_operation_has_ended(op):
    op.steps(1, 2, "Download")
    op.complete()
    op.steps(2, 2, "Done")
    assert told(op) == [("Download", "completed")]


def test_it_is_a_callback_that_another_coordinator_calls(op):
    def install(callback):
        callback(1, 2, "Download")
        callback(2, 2, "Configure")

    install(op.steps)
    assert told(op) == [("Download", "completed"), ("Configure", "running")]


def test_steps_that_cannot_be_imported_any_more_are_not_told(op, monkeypatch):
    monkeypatch.setitem(sys.modules, "headway.api.numbered_steps", None)  # ImportError
    op.steps(1, 2, "Unpack")
    assert told(op) == []
