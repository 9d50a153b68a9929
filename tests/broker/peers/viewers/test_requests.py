"""Cancelling with an answer, claims, and terminals."""

import pytest
from wired import Wired

from headway.estimate import Run
from headway.protocol import messages
from headway_broker.peers.viewers.requests import ANSWER_TIMEOUT, GREETING_TIMEOUT
from headway_broker.state import effects


@pytest.fixture
def wired():
    return Wired()


def replies(viewer):
    return [(reply.result, reply.error) for reply in viewer.heard(messages.Reply)]


@pytest.mark.parametrize("answer", ["accepted", "refused", "nobody"])
def test_a_cancel_goes_to_the_writer_and_its_answer_comes_back(wired, answer):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    viewer.ask("cancel", operation="op", reason="enough", kill=False)
    [cancel] = worker.heard(messages.Cancel)
    assert (cancel.operation, cancel.reason, cancel.kill) == ("op", "enough", False)
    worker.say(messages.Answer(cancel.request, answer, None))
    assert replies(viewer) == [({"answer": answer, "reason": None}, None)]


def test_only_the_worker_that_was_asked_can_answer(wired):
    worker, other, viewer = wired.worker(), wired.worker("other"), wired.viewer()
    worker.start()
    viewer.ask("cancel", operation="op")
    [cancel] = worker.heard(messages.Cancel)
    other.say(messages.Answer(cancel.request, "accepted", None))
    assert replies(viewer) == []


def test_a_worker_that_does_not_answer_is_nobody(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    viewer.ask("cancel", operation="op")
    wired.pass_time(ANSWER_TIMEOUT + 0.1)
    assert replies(viewer) == [({"answer": "nobody", "reason": None}, None)]


def test_a_worker_that_dies_is_nobody_at_once(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    viewer.ask("cancel", operation="op")
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert replies(viewer) == [({"answer": "nobody", "reason": None}, None)]


@pytest.fixture
def restarted(wired):
    """A broker that knows an operation by the history alone, whose worker may come back."""
    before = Wired(has_history=True)
    before.worker(pid=4711).start()
    before.pass_time(2)
    wired.core.restored([before.stored_rows()["op"]], wired.now)
    wired.carry_out()
    return wired


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume"])
def test_a_request_waits_for_a_worker_that_has_not_come_back_yet(restarted, verb):
    viewer = restarted.viewer()
    viewer.ask(verb, operation="op")
    restarted.pass_time(GREETING_TIMEOUT - 0.5)
    assert replies(viewer) == []
    worker = restarted.worker(pid=4711)
    [passed] = [
        message
        for message in worker.heard()
        if isinstance(message, (messages.Cancel, messages.Pause))
    ]
    restarted.pass_time(1)  # it has as long to answer as one that was there
    worker.say(messages.Answer(passed.request, "accepted", None))
    assert replies(viewer) == [({"answer": "accepted", "reason": None}, None)]
    worker.hello(identity=b"again")
    assert not worker.heard(messages.Cancel), "it is told once"


def test_a_worker_that_does_not_come_back_is_nobody(restarted):
    viewer = restarted.viewer()
    viewer.ask("cancel", operation="op")
    restarted.pass_time(GREETING_TIMEOUT + 0.1)
    assert replies(viewer) == [({"answer": "nobody", "reason": None}, None)]


def test_what_is_not_there_or_has_ended_cannot_be_cancelled(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    worker.end()
    viewer.ask("cancel", operation="none")
    viewer.ask("cancel", operation="op")
    viewer.ask("cancel", operation=["op"])
    assert replies(viewer) == [
        ({}, "no such operation"),
        ({}, "has ended: completed"),
        ({}, "no such operation"),
    ]


def test_a_claim_is_granted_once_and_kept(wired):
    first, second = wired.viewer("first"), wired.viewer("second")
    first.ask("claim", key="op:1")
    second.ask("claim", key="op:1")
    second.ask("claim", key="op:2")
    assert replies(first) == [({"granted": True}, None)]
    assert replies(second) == [({"granted": False}, None), ({"granted": True}, None)]
    kept = [effect.key for effect in wired.effects if isinstance(effect, effects.StoreClaim)]
    assert kept == ["op:1", "op:2"]


def test_a_terminal_is_drawn_on_by_one_viewer_until_it_is_gone(wired):
    first, second = wired.viewer("first"), wired.viewer("second")
    first.ask("draw", tty="/dev/pts/1")
    first.ask("draw", tty="/dev/pts/1")
    second.ask("draw", tty="/dev/pts/1")
    wired.core.died("first", wired.now)
    wired.pass_time(1)
    second.ask("draw", tty="/dev/pts/1")
    assert replies(first) == [({"granted": True}, None)] * 2
    assert replies(second) == [({"granted": False}, None), ({"granted": True}, None)]


def test_workers_hear_which_of_their_operations_were_drawn(wired):
    one, two, viewer = wired.worker("one"), wired.worker("two"), wired.viewer()
    one.start("a")
    one.start("b")
    two.start("c")
    viewer.ask("drawn", operations=["a", "b", "c", "none", 5])
    assert one.heard(messages.Drawn) == [messages.Drawn(["a", "b"])]
    assert two.heard(messages.Drawn) == [messages.Drawn(["c"])]


def test_arguments_that_are_none_are_answered_all_the_same(wired):
    viewer = wired.viewer()
    for verb in ("cancel", "claim", "draw", "drawn"):
        viewer.ask(verb)
    assert len(replies(viewer)) == 4


@pytest.mark.parametrize(("verb", "paused"), [("pause", True), ("resume", False)])
def test_a_pause_goes_to_the_writer_and_its_answer_comes_back(wired, verb, paused):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    viewer.ask(verb, operation="op")
    [pause] = worker.heard(messages.Pause)
    assert (pause.operation, pause.paused) == ("op", paused)
    worker.say(messages.Answer(pause.request, "refused", "why not"))
    assert replies(viewer) == [({"answer": "refused", "reason": "why not"}, None)]


def test_a_worker_is_told_how_long_its_operation_usually_takes_and_no_other():
    wired = Wired(has_history=True)
    worker, other = wired.worker("first"), wired.worker("second")
    worker.start()
    wired.core.recalled("Install", [Run(20.0, []).to_dict()])
    wired.follow()
    wired.pass_time(1.0)
    worker.ask("usual", operation="op")
    other.ask("usual", operation="op")
    assert [one.result for one in worker.heard(messages.Reply)] == [{"usual": 20.0}]
    assert [one.error for one in other.heard(messages.Reply)] == ["no such operation"]
