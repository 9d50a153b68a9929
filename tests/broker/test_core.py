"""Who is told what comes in, and when it is called."""

import pytest
from wired import Wired

from headway.protocol import messages


@pytest.fixture
def wired():
    return Wired()


@pytest.mark.parametrize("followed", [False, True])
def test_what_is_due_is_done_so_that_an_idle_core_is_hardly_called(wired, followed):
    worker = wired.worker()
    worker.start()
    if followed:
        wired.core.subscribed(b"d", True)
    calls = 0
    end = wired.now + 60
    while wired.now < end:
        wired.tick()
        # A shell waits in whole milliseconds, and is woken between by what comes.
        due = wired.core.deadline()
        beat = wired.now - wired.now % 1.9 + 1.9
        wired.now = max(wired.now + 0.001, min(beat, end if due is None else due))
        if wired.now == beat:
            worker.beat()
        calls += 1
    assert calls < 60 * 6


def test_status_counts_what_there_is(wired):
    wired.worker().start()
    viewer = wired.viewer()
    viewer.ask("status")
    status = viewer.heard(messages.Reply)[0].result
    assert (status["workers"], status["operations"], status["open"], status["stages"]) == (
        1,
        1,
        1,
        1,
    )
    assert status["dropped"] == {}


def test_an_unknown_request_is_answered_with_its_name(wired):
    viewer = wired.viewer()
    viewer.ask("dance")
    assert viewer.heard(messages.Reply)[0].error == "unknown request 'dance'"


def test_a_message_that_breaks_its_handler_is_counted_and_noted_and_ends_nothing(
    wired, monkeypatch
):
    def break_down(*_arguments):
        raise ZeroDivisionError("what a worker wrote")

    worker = wired.worker()
    with monkeypatch.context() as patched:
        patched.setattr(wired.core.ledger, "announce", break_down)
        worker.start("bad")
    worker.start("good")
    assert wired.dropped() == {"broken": 1}
    assert wired.operation("good").state == "running"
    [note] = [note for note in wired.notes() if note.startswith("broken")]
    assert note.startswith("broken: Announce of worker: ZeroDivisionError at test_core.py:")


def test_the_next_counts_of_a_session_are_taken_by_a_way_of_their_own(wired):
    wired.worker().start()
    session = wired.core.sessions.by_id["worker"]
    messages_before = wired.core.messages
    sequence = session.sequence + 1
    assert wired.core.receive_counts(session, sequence, {1: 20}, 30, wired.now + 0.5)
    assert (session.sequence, session.heard) == (sequence, wired.now + 0.5)
    assert wired.core.messages == messages_before + 1
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 20


@pytest.mark.parametrize(("ahead", "silent"), [(0, False), (2, False), (1, True)])
def test_counts_that_are_not_simply_the_next_are_left_to_receive(wired, ahead, silent):
    wired.worker().start()
    session = wired.core.sessions.by_id["worker"]
    session.silent_since = wired.now if silent else None
    before = session.sequence, session.heard, wired.core.messages, wired.core.merged_counts.updates
    sequence = session.sequence + ahead
    assert not wired.core.receive_counts(session, sequence, {1: 20}, 30, wired.now + 0.5)
    after = session.sequence, session.heard, wired.core.messages, wired.core.merged_counts.updates
    assert after == before
    assert not wired.core.merged_counts.waiting
