"""Operations to rows and back, over a change of clocks."""

import pytest
from wired import WALL, Wired

from headway.protocol.wire import Malformed, pack
from headway_broker.state.sessions import Session
from headway_broker.storage.row_mapping import Body, entry_of, redacted, row_of


def stored(state=None):
    wired = Wired()
    worker = wired.worker()
    worker.start(stages=("a", "b"))
    if state:
        wired.now += 5
        worker.end(state=state)
    return wired.core.ledger.entries["op"]


def test_an_open_operation_has_no_end_and_knows_its_process():
    row = row_of(stored(), WALL)
    assert (row.operation, row.ended, row.session, row.pid) == ("op", None, "worker", 1000)
    assert row.about == {
        "pid": 1000,
        "started": 7,
        "boot": "this-boot",
        "pid_namespace": None,
        "host": "here",
        "user": None,
        "image": None,
        "seen_from": None,
        "remote": None,
    }


def test_an_ended_operation_has_its_end_in_unix_time():
    assert row_of(stored("failed"), WALL).ended == WALL + 105


def test_a_row_makes_the_same_operation_on_another_clock():
    entry = stored("failed")
    row = row_of(entry, WALL)
    back = entry_of(row, Session("worker", "worker", 0.0), WALL - 50, 500.0)
    assert back.operation.revision == entry.operation.revision
    assert back.operation.started == pytest.approx(150.0)
    assert [s.name for s in back.operation.stages.values()] == ["a", "b"]
    assert back.operation.stages[1].ended == pytest.approx(155.0)


def test_taking_a_row_leaves_the_operation_as_it_was():
    entry = stored()
    row_of(entry, WALL)
    assert entry.operation.started == 100.0


def test_a_row_has_no_texts():
    entry = stored("failed")
    entry.operation.error = entry.operation.stages[1].detail = "printed"
    assert b"printed" not in row_of(entry, WALL).body


def test_a_row_has_no_ids_of_the_environment():
    entry = stored()
    entry.operation.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    row = row_of(entry, WALL)
    assert b"4bf92f35" not in row.body
    back = entry_of(row, Session("worker", "worker", 0.0), WALL, 500.0)
    assert back.operation.traceparent is None


def test_a_body_that_was_stored_with_texts_becomes_one_without():
    entry = stored("failed")
    body = Body(entry.operation.record(), [s.record() for s in entry.operation.stages.values()], {})
    plain = pack(body)
    entry.operation.error = entry.operation.stages[1].detail = "printed"
    old = Body(entry.operation.record(), [s.record() for s in entry.operation.stages.values()], {})
    assert redacted(pack(old)) == redacted(plain) == plain


def test_what_is_no_body_keeps_nothing():
    assert redacted(b"\xc1 printed") == b""


def test_shares_are_kept():
    entry = stored()
    entry.operation.stages[1].shares = {"child": 5}
    back = entry_of(row_of(entry, WALL), Session("worker", "worker", 0.0), WALL, 500.0)
    assert back.operation.stages[1].shown == 5


@pytest.mark.parametrize(
    "body", [b"", b"\xc1", pack([1, 2]), pack({}), pack([[], [], {}]), pack([[], [], []])]
)
def test_a_body_that_is_none_is_malformed(body):
    row = row_of(stored(), WALL)._replace(body=body)
    with pytest.raises(Malformed):
        entry_of(row, Session("worker", "worker", 0.0), WALL, 500.0)
