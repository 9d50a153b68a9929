import json

from showcase import NOW, board_of, installers, operation

from headway.protocol.messages import Delta, Lines, Removed, Snapshot
from headway_viewer.public_json.decoder import RecordingDecoder, decode_operation
from headway_viewer.public_json.schema import operation_object
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Changes, Replica


def recorded(*lines):
    return [json.loads(line) for line in lines]


def test_a_recording_makes_the_operations_again():
    board = board_of(*installers())
    writer = Writer(board.replica)
    replica = Replica()
    for at, message in RecordingDecoder().messages(recorded(writer.snapshot(NOW))):
        replica.fold(message, at)
    assert list(replica.operations) == [made.id for made in installers()]
    again = operation_object(replica.operations["2c9aaaaaaaaa"], replica, replica.time(0) + 1)
    before = operation_object(board.replica.operations["2c9aaaaaaaaa"], board.replica, NOW)
    for field in ("name", "state", "progress", "started", "ended"):
        assert again[field] == before[field]
    assert [part["done"] for part in again["stages"]] == [part["done"] for part in before["stages"]]


def test_who_holds_what_another_waits_for_is_kept():
    held = operation("e01aaaaaaaaa", "apt install nginx", "waiting", holder="2c9aaaaaaaaa")
    writer = Writer(board_of(held).replica)
    replica = Replica()
    for at, message in RecordingDecoder().messages(recorded(writer.snapshot(NOW))):
        replica.fold(message, at)
    assert replica.operations[held.id].holder == "2c9aaaaaaaaa"


def test_when_a_process_was_stopped_is_kept():
    made = operation("a", "x")
    made.stops = ((NOW - 9, NOW - 5), (NOW - 2, None))
    writer = Writer(board_of(made).replica)
    replica = Replica()
    lines = recorded(writer.snapshot(NOW), *writer.changes(Changes(["a"], [], False, None), NOW))
    for at, message in RecordingDecoder().messages(lines):
        replica.fold(message, at)
        assert replica.operations["a"].stopped_since == at - 2
        assert replica.operations["a"].stopped_for(at - 60, at) == 6


def test_lines_become_the_messages_they_came_from():
    writer = Writer(board_of(operation("a", "x")).replica)
    lines = recorded(
        *writer.changes(Changes(["a"], ["b"], False, None), NOW),
        writer.log(Lines("i", 1, NOW, "a", None, ["hello"]), NOW),
    )
    kinds = [type(message) for _, message in RecordingDecoder().messages(lines)]
    assert kinds == [Snapshot, Delta, Removed, Lines]


def test_what_is_no_recording_is_passed_over():
    for nonsense in (
        {},
        {"time": "x", "type": "operation"},
        {"time": 1, "type": "operation", "operation": {"id": 3}},
        {"time": 1, "type": "operation", "operation": {"id": "a", "state": "strange"}},
        {"time": float("nan"), "type": "snapshot"},
        {"time": 1, "type": "removed", "operations": 7},
    ):
        replica = Replica()
        for at, message in RecordingDecoder().messages([nonsense]):
            replica.fold(message, at)
        assert replica.operations == {}


def test_fields_of_the_wrong_kind_are_dropped():
    row = decode_operation(
        {
            "id": "a",
            "state": "running",
            "name": 7,
            "error": ["x"],
            "started": "soon",
            "estimate": {"low": 1},
            "stages": [{"id": 1, "state": "running", "done": "many", "total": True}, 5],
        }
    )
    replica = Replica()
    replica.fold(Snapshot("i", 1, 0.0, 0.0, 0, 1, [row]), 0.0)
    made = replica.operations["a"]
    assert (made.name, made.error, made.started, made.estimate) == ("7", None, None, None)
    assert (made.stages[1].done, made.stages[1].total) == (0, None)
