"""Overviews: what `headway ps` is answered, without following and as cheap as there are rows."""

import pytest
from models import many
from wired import Wired

from headway.model import UNTOLD
from headway.protocol import messages
from headway.protocol.rows import decode
from headway_broker.core import STORE_SECONDS
from headway_broker.publishing import frames, snapshots
from headway_broker.publishing import overviews as rules

INBOX = b"k" + b"0" * 16


@pytest.fixture
def wired():
    return Wired()


def ask(wired, inbox=INBOX):
    """The rows of an overview by operation, or None if none has come."""
    wired.core.subscribed(inbox, True)
    wired.pass_time(0.01, step=0.01)
    rows = {}
    parts = [message for topic, message in wired.published if topic == inbox]
    for part in parts:
        for row in map(decode, part.operations):
            rows[row.operation] = row
    wired.core.subscribed(inbox, False)
    return rows if parts else None


def test_it_is_answered_at_once_and_nobody_is_told_that_somebody_watches(wired):
    worker = wired.worker()
    worker.start(stages=("one", "two"))
    wired.pass_time(0.2)
    worker.count({1: 42})
    wired.pass_time(0.01)  # counts wait for a second while nobody follows
    row = ask(wired)["op"]
    assert [stage.done for stage in row.stages] == [42, 0]
    assert row.record.state == "running"
    assert worker.heard(messages.Watched) == []
    assert not [topic for topic, _ in wired.published if topic == b"d"]


def test_what_is_asked_for_again_comes_again_and_what_is_taken_back_does_not(wired):
    wired.worker().start()
    wired.core.subscribed(INBOX, True)
    wired.core.subscribed(INBOX, False)
    wired.pass_time(1)
    assert wired.published == []
    assert ask(wired) is not None
    wired.pass_time(1)
    assert ask(wired, b"k" + b"1" * 16) is not None


def test_an_end_that_is_being_stored_is_waited_for_or_not_told():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    wired.tick()
    worker.end()
    wired.core.await_ends(wired.now)
    assert ask(wired) is None
    wired.core.subscribed(INBOX, True)
    wired.pass_time(STORE_SECONDS + 0.1)
    (part,) = [message for topic, message in wired.published if topic == INBOX]
    assert decode(part.operations[0]).record.state == "running"


def test_while_the_history_is_restored_nothing_is_told(wired):
    wired.core.restore_some([], wired.now)
    assert ask(wired) is None
    wired.core.restored([], wired.now)
    assert ask(wired) == {}


@pytest.mark.parametrize("count", [rules.WHOLE_STAGES, rules.WHOLE_STAGES + 1, 5_000])
def test_an_operation_of_many_stages_is_told_by_a_few_and_says_so(wired, count):
    worker = wired.worker()
    worker.operations["op"] = operation = many(count)
    operation.planned = count
    records = [stage.record() for stage in operation.stages.values()]
    worker.say(
        messages.Announce(worker.next(), wired.now, True, operation.record(), records[:1000])
    )
    for start in range(1000, count, 1000):
        some = records[start : start + 1000]
        worker.say(messages.Announce(worker.next(), wired.now, False, operation.record(), some))
    row = ask(wired)["op"]
    if count <= rules.WHOLE_STAGES:
        assert (len(row.stages), row.record.planned) == (count, count)
    else:
        assert 2 <= len(row.stages) <= 20
        assert row.record.planned == UNTOLD


def test_many_operations_of_one_process_cost_another_none_of_its_stages(wired):
    worker, other = wired.worker(), wired.worker("other")
    for number in range(200):
        worker.start(f"op{number}", stages=[f"stage {one}" for one in range(10)])
    other.start("mine", stages=[f"stage {one}" for one in range(10)])
    rows = ask(wired)
    assert len(rows["mine"].stages) == 10
    told = sum(len(row.stages) for name, row in rows.items() if name != "mine")
    assert told <= rules.WHOLE_STAGES_OF_PROCESS + 200 * 3
    assert all(len(row.stages) >= 2 for row in rows.values())  # one alone has another row


def test_the_parts_of_a_large_one_do_not_wait_for_frames(wired, monkeypatch):
    monkeypatch.setattr(frames, "PART_SIZE", 100)
    monkeypatch.setattr(snapshots, "PARTS_PER_PROCESS", 1)
    worker = wired.worker()
    for number in range(6):
        worker.start(f"op {number}")
    wired.pass_time(2)
    wired.core.subscribed(INBOX, True)
    wired.pass_time(0.5, step=0.01)
    parts = [message for topic, message in wired.published if topic == INBOX]
    assert len(parts) == parts[0].parts == 6


def test_long_texts_are_told_as_far_as_they_are_drawn(wired, monkeypatch):
    monkeypatch.setattr(rules, "LONGEST_TEXT", 10)
    worker = wired.worker()
    op = worker.start("going", stages=("one",))
    op.stages[1].detail = "d" * 100
    op.reason = "r" * 100
    worker.announce("going")
    worker.say(messages.Log("going", None, ["l" * 100]))
    worker.start("failed")
    worker.say(messages.Log("failed", None, ["l" * 100]))
    worker.end("failed", "failed", error="e" * 100)
    rows = ask(wired)
    assert rows["going"].stages[0].detail == "d" * 10
    assert rows["going"].record.reason == "r" * 10
    assert rows["going"].figures.tail is None
    assert rows["failed"].record.error == "e" * 10
    assert rows["failed"].figures.tail == ["l" * 10]
