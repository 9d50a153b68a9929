"""Effects in order, and faults that cost one thing only."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.publishing import frames
from headway_broker.state.effects import Note, Stop, Unwatch
from headway_broker.state.errors import Dropped
from headway_broker.state.outbox import Faults, Outbox
from headway_broker.storage import row_mapping


@pytest.fixture
def wired():
    return Wired()


def break_down(*arguments):
    raise ZeroDivisionError(*arguments)


def test_an_operation_that_cannot_be_told_keeps_no_other_from_being_told(wired, monkeypatch):
    worker = wired.worker()
    wired.follow()
    rows = frames.changed_rows
    monkeypatch.setattr(
        frames,
        "changed_rows",
        lambda entry, marks: break_down() if entry.operation.id == "a" else rows(entry, marks),
    )
    worker.start("a")
    worker.start("b")
    wired.pass_time(0.2)
    deltas = [message for _, message in wired.published if isinstance(message, messages.Delta)]
    assert {row[0] for delta in deltas for row in delta.operations} == {"b"}
    assert wired.broken() == ["broken: delta of a of worker: ZeroDivisionError"]
    assert wired.dropped() == {"broken": 1}


def test_a_block_that_cannot_be_packed_keeps_none_of_its_rows_from_being_told(wired, monkeypatch):
    worker = wired.worker()
    wired.follow()
    for name in "ab":
        worker.start(name)
    wired.pass_time(0.2)
    wired.published.clear()
    monkeypatch.setattr(frames, "block", break_down)
    stages = [next(iter(wired.operation(name).stages)) for name in "ab"]
    worker.count(dict.fromkeys(stages, 7))
    wired.pass_time(0.2)
    deltas = [message for _, message in wired.published if isinstance(message, messages.Delta)]
    assert [row[0] for delta in deltas for row in delta.operations if row[3]] == ["a", "b"]


def test_a_row_that_cannot_be_made_keeps_no_other_from_being_stored(monkeypatch):
    wired = Wired(has_history=True)
    worker = wired.worker()
    make = row_mapping.row_of
    monkeypatch.setattr(
        row_mapping,
        "row_of",
        lambda entry, wall: break_down() if entry.operation.id == "a" else make(entry, wall),
    )
    for operation in "ab":
        wired.core.storage.change(wired.core.ledger.entries[worker.start(operation).id])
    wired.pass_time(30.0)
    assert set(wired.stored_rows()) == {"b"}
    assert wired.broken() == ["broken: row of a of worker: ZeroDivisionError"]
    assert wired.dropped() == {"broken": 1}


def test_what_was_put_in_is_handed_out_once_and_in_order():
    outbox = Outbox()
    outbox.note("first")
    outbox.extend([Unwatch("a"), Unwatch("b")])
    outbox.add(Stop("last"))
    assert outbox.take() == [Note("first"), Unwatch("a"), Unwatch("b"), Stop("last")]
    assert outbox.take() == []


def test_a_fault_is_told_by_its_kind_and_place_for_its_text_may_be_a_strangers():
    outbox, dropped = Outbox(), Dropped()
    with pytest.raises(ZeroDivisionError) as raised:
        break_down("a secret")
    Faults(dropped, outbox).add("row of op", "worker", raised.value)
    [note] = outbox.take()
    assert note.text.startswith("broken: row of op of worker: ZeroDivisionError at test_outbox.py:")
    assert dropped.counts == {"broken": 1}
