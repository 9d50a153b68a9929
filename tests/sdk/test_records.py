"""What records tell of operations and stages, whichever version wrote them."""

from __future__ import annotations

from headway.model import Operation, Stage
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway.states import RUNNING


def test_a_record_says_all_and_applying_it_twice_is_applying_it_once():
    operation = Operation("aaaaaaaaaaaa", "Install", key="k", parent="bbbbbbbbbbbb/3")
    operation.move(RUNNING, 1.0)
    stage = operation.stages[7] = Stage(7, "Download", total=10, unit="B")
    stage.move(RUNNING, 2.0)
    stage.done = 4

    replica = Operation("aaaaaaaaaaaa", "")
    for _ in range(2):
        replica.apply(operation.record())
        replica.apply_stage(stage.record())

    assert replica.record() == operation.record()
    assert [s.record() for s in replica.stages.values()] == [stage.record()]


def test_a_shorter_record_of_an_older_peer_leaves_the_rest_and_a_longer_one_is_cut():
    stage = Stage(7, "Download", unit="B")

    stage.apply([7, None, "Fetch"])
    assert (stage.name, stage.unit) == ("Fetch", "B")

    stage.apply([*stage.record(), "from the future"])
    assert stage.name == "Fetch"


def test_a_record_is_in_the_order_of_its_fields_and_applied_so():
    for kind, fields in ((Stage(1, "x"), STAGE_FIELDS), (Operation("a", "x"), OPERATION_FIELDS)):
        record = [f"value of {field}" for field in fields]
        kind.apply(record)
        assert [getattr(kind, field) for field in fields] == record == kind.record()
