"""A command's events on a stage of somebody else's operation."""

from __future__ import annotations

import pytest

import headway
from headway.run.progress.operation_updater import RUN, OperationUpdater
from headway.run.progress.stage_target import StageTarget
from headway.run.reading.events import Detail, StageEnded, StageMoved, StageStarted

pytestmark = pytest.mark.usefixtures("reporter")


@pytest.fixture
def stage():
    return headway.operation("Install").start().stage("make").start()


def test_what_counts_all_of_the_command_counts_its_stage(stage):
    updater = OperationUpdater(StageTarget(stage))
    updater.apply([StageStarted(RUN, 5), StageMoved(RUN, 3, 5), Detail("a.c"), StageEnded(RUN)])
    assert (stage.state, stage.done, stage.total, stage.model.detail) == ("running", 3, 5, "a.c")


def test_other_stages_are_inside_it(stage):
    OperationUpdater(StageTarget(stage)).apply([StageStarted("Link", 2)])
    [inner] = [one for one in stage.operation.stages if one is not stage]
    assert (inner.name, inner.model.parent) == ("Link", stage.id)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda target: target.complete(), "completed"),
        (lambda target: target.fail("no"), "failed"),
        (lambda target: target.cancel("enough"), "cancelled"),
    ],
)
def test_it_ends_as_the_command(stage, end, state):
    end(StageTarget(stage))
    assert stage.state == state


def test_it_waits_and_goes_on(stage):
    target = StageTarget(stage)
    target.wait("an answer")
    assert stage.state == "waiting"
    target.resume()
    target.set(exit_status=3)
    target.log("a line")
    assert stage.state == "running"
