"""The messages of a fleet: what is told of an operation, and what stays on its host."""

import pytest

from headway.model import UNTOLD, Operation, Stage
from headway.protocol import rows
from headway.protocol.checks import Malformed
from headway.protocol.wire import pack
from headway_viewer.fleet import state_message
from headway_viewer.fleet.state_message import HEARTBEAT, REMOVED, NewerVersion, decode


def failed(stages=1):
    operation = Operation("op1", "build", "build")
    operation.labels = {"run": "42"}
    operation.coarser = ["secret"]
    operation.move("running", 10.0)
    for number in range(1, stages + 1):
        stage = operation.add_stage(Stage(number, f"stage {number}", total=10))
        stage.move("running", 11.0)
        stage.done, stage.detail = 4, "password=hunter2"
    operation.move("failed", 20.0)
    operation.error = "cannot open /home/ada/secret"
    operation.message = "see /home/ada"
    operation.exit_status = 3
    operation.tail = ["token: hunter2"]
    return operation


def told(operation, *, with_output=False):
    data = state_message.encode_state("s1", "ada", 21.0, operation, with_output=with_output)
    message = decode(data)
    return data, message, rows.decode(message.row)


def test_names_states_counts_exit_statuses_and_labels_are_told():
    _, message, row = told(failed())
    assert message[:4] == (state_message.STATE, "s1", "ada", 21.0)
    assert (row.record.name, row.record.state, row.record.exit_status) == ("build", "failed", 3)
    assert row.record.labels == {"run": "42"}
    assert row.stages[0].done == 4


def test_no_line_of_output_and_nothing_taken_from_one_leaves_the_host():
    data, _, row = told(failed())
    for words in (b"hunter2", b"/home/ada", b"secret"):
        assert words not in data
    assert row.figures.tail == []


def test_with_output_errors_details_and_the_last_lines_are_told():
    _, _, row = told(failed(), with_output=True)
    assert row.record.error == "cannot open /home/ada/secret"
    assert row.stages[0].detail == "password=hunter2"
    assert row.figures.tail == ["token: hunter2"]


@pytest.mark.parametrize("with_output", [False, True])
def test_no_ids_of_the_environment_leave_the_host(with_output):
    operation = failed()
    operation.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    data, _, row = told(operation, with_output=with_output)
    assert b"4bf92f35" not in data
    assert row.record.traceparent is None


def test_of_many_stages_those_are_told_that_a_row_tells_of():
    _, _, row = told(failed(state_message.WHOLE_STAGES + 1))
    assert len(row.stages) < 10
    assert row.record.planned == UNTOLD


def test_what_is_larger_than_a_server_takes_is_told_without_stages():
    operation = failed(100)
    for stage in operation.stages.values():
        stage.detail = "x" * 4096
    data, _, row = told(operation, with_output=True)
    assert len(data) < state_message.PAYLOAD_LIMIT
    assert row.record.state == "failed"


def test_heartbeats_and_removals_come_back():
    beat = decode(state_message.encode_heartbeat("s1", "ada", 5.0, whole=True))
    assert (beat.kind, beat.session, beat.whole) == (HEARTBEAT, "s1", True)
    assert decode(state_message.encode_removed("s1", "ada", 5.0)).kind == REMOVED


@pytest.mark.parametrize("fields", [[2, 0, "s", "r", 1.0], [1, 7, "s", "r", 1.0]])
def test_a_message_of_a_newer_version_is_told_from_a_wrong_one(fields):
    with pytest.raises(NewerVersion):
        decode(pack(fields))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        [],
        ["1", 0, "s", "r", 1.0],
        [1, 0, "s", "r", 1.0],
        [1, 0, "s", "r", 1.0, []],
        [1, 0, "s", "r", 1.0, ["a", None, [], {}, None, {}, {}]],
        [1, 0, 3, "r", 1.0, []],
        [1, 1, "s", "r", "now", True],
        [1, 1, "s", "r", 1.0],
    ],
)
def test_what_is_no_message_is_malformed(fields):
    with pytest.raises(Malformed) as caught:
        decode(pack(fields))
    assert not isinstance(caught.value, NewerVersion)


def test_fields_that_a_newer_version_appends_are_ignored():
    assert decode(pack([1, 1, "s", "r", 1.0, True, None, "more"])).whole


def test_a_heartbeat_tells_for_how_long_there_is_no_broker():
    data = state_message.encode_heartbeat("s1", "ada", 21.0, whole=False, absent=7.5)
    assert decode(data).absent == 7.5
    assert decode(state_message.encode_heartbeat("s1", "ada", 21.0, whole=True)).absent is None
    assert decode(pack([1, HEARTBEAT, "s1", "ada", 21.0, True])).absent is None  # of an older one
    with pytest.raises(Malformed):
        decode(pack([1, HEARTBEAT, "s1", "ada", 21.0, True, "long"]))


def test_a_row_that_was_kept_is_sent_with_the_time_of_its_sending():
    row = state_message.encode_row(failed(), with_output=False)
    message = decode(state_message.frame_row("s2", "ada", 3621.0, row))
    assert (message.session, message.now) == ("s2", 3621.0)
    assert rows.decode(message.row).record.ended == 20.0
