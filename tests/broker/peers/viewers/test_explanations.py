"""What the broker tells of an operation for `headway why`."""

import pytest
from wired import WALL, Wired

from headway.protocol import messages


@pytest.fixture
def wired():
    return Wired()


def facts(viewer, word):
    viewer.ask("why", operation=word)
    reply = viewer.heard(messages.Reply)[-1]
    assert reply.error is None
    return reply.result


def test_an_operation_that_runs_is_told_with_its_stages_so_far(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start(stages=["Fetch", "Build"])
    wired.pass_time(4)
    told = facts(viewer, "op")
    assert (told["operation"], told["name"], told["key"]) == ("op", "Install", "Install")
    assert told["ended"] is None
    assert told["going"] == ["Fetch"]
    [fetch] = told["run"]["spans"]
    assert fetch["worked"] == pytest.approx(4, abs=0.1)


def test_one_that_has_ended_is_told_with_its_end(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    wired.pass_time(4)
    worker.end(state="failed")
    ended = wired.now
    wired.pass_time(9)
    told = facts(viewer, "Install")
    assert told["state"] == "failed"
    assert told["ended"] == pytest.approx(WALL + ended, abs=0.1)
    assert told["run"]["seconds"] == pytest.approx(4, abs=0.1)


def test_a_word_for_none_or_for_several_is_told(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start("a1", name="x")
    worker.start("a2", name="x")
    assert facts(viewer, "nothing") == {"operation": None, "similar": []}
    assert facts(viewer, "x")["ambiguous"] == [["a1", "x", "running"], ["a2", "x", "running"]]
    assert facts(viewer, None)["operation"] is None


def test_a_program_is_meant_and_a_name_spelled_like_one_is_suggested(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start("a1", name="l.py: Compile")
    assert facts(viewer, "l.py")["operation"] == "a1"
    assert facts(viewer, "l.py: Compiel")["similar"] == ["l.py: Compile"]


def test_of_very_many_stages_the_longest_are_told(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start(stages=[f"s{number}" for number in range(900)])
    for stage in worker.operations["op"].stages.values():
        if stage.state == "pending":
            stage.move("running", worker.now)
    worker.announce("op")
    wired.pass_time(1)
    assert len(facts(viewer, "op")["run"]["spans"]) == 500


def test_the_reason_of_an_end_or_of_a_pause_is_told(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    operation = worker.operations["op"]
    operation.move("waiting", worker.now, reason="paused")
    worker.announce("op")
    wired.pass_time(1)
    assert facts(viewer, "op")["reason"] == "paused"
    operation.move("failed", worker.now)
    operation.error = "the input ended at 1 of 3\nmore"
    worker.announce("op")
    wired.pass_time(1)
    assert facts(viewer, "op")["reason"] == "the input ended at 1 of 3"


def test_the_last_line_of_what_broke_is_told_unless_it_is_the_reason(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    operation = worker.operations["op"]
    wired.pass_time(1)
    known = wired.core.ledger.entries["op"]
    wired.core.ledger.print(known, ["step 3", "E: no space", ""])
    assert facts(viewer, "op")["printed"] is None
    operation.move("failed", worker.now)
    operation.error = "exit status 3"
    worker.announce("op")
    wired.pass_time(1)
    assert facts(viewer, "op")["printed"] == "E: no space"
    known.operation.error = "no space"
    assert facts(viewer, "op")["printed"] is None
