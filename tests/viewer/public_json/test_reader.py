"""Recordings and traces, read into the same changes."""

from __future__ import annotations

import json

import pytest

from headway_viewer.public_json.reader import changes, lines


def write(path, *objects):
    path.write_text("".join(json.dumps(item) + "\n" for item in objects))
    return str(path)


def test_a_line_that_is_no_json_object_is_passed_over(tmp_path):
    path = tmp_path / "r"
    path.write_text('{"a": 1}\n[1]\nnot json\n{"b": 2}\n{"cut')

    assert list(lines(str(path))) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_a_line_that_is_nested_without_end_is_passed_over(tmp_path, deep):
    path = tmp_path / "r"
    path.write_text(f'{{"a": 1}}\n{deep}\n{{"b": 2}}\n')

    assert list(lines(str(path))) == [{"a": 1}, {"b": 2}]


def test_a_trace_begins_with_its_plan_and_ends(tmp_path):
    path = write(
        tmp_path / "t",
        {"t": 0, "op": "build", "state": "plan", "plan": ["a", "b"]},
        {"t": 1, "op": "build", "stage": "a", "state": "start", "done": 0, "total": 4},
        {"t": 2, "op": "build", "stage": "c", "state": "done", "done": 4, "parent": "a"},
        {"t": 3, "op": "build", "state": "end"},
    )

    found = list(changes(path))

    assert [change.kind for change in found] == ["begin", "stage", "stage", "stage", "stage", "end"]
    assert [change.stage for change in found[1:5]] == [1, 2, 1, 3]
    assert [change.state for change in found[1:]] == [
        "pending", "pending", "running", "completed", "completed",
    ]  # fmt: skip
    assert found[4].parent == 1


@pytest.mark.parametrize("content", ["", "no json\n", '{"x": 1}\n'])
def test_a_file_that_is_neither_is_refused_by_its_name(tmp_path, content):
    path = tmp_path / "r"
    path.write_text(content)

    with pytest.raises(ValueError, match=str(path)):
        list(changes(str(path)))


def test_that_all_of_it_or_a_stage_waits_and_for_whom_is_read(tmp_path):
    def line(time, state, reason=None, stage="running"):
        part = {"id": 1, "name": "s", "state": stage, "reason": reason, "started": 10.0}
        made = {"id": "a", "name": "x", "state": state, "reason": reason, "started": 10.0}
        return {"type": "operation", "time": time, "operation": {**made, "stages": [part]}}

    path = write(
        tmp_path / "r",
        line(10.0, "running"),
        line(11.0, "waiting", "the lock"),
        line(12.0, "waiting", "an answer"),
        line(13.0, "running"),
        line(14.0, "running", "an answer", stage="waiting"),
    )

    found = list(changes(path))

    whole = [change for change in found if change.kind == "whole"]
    assert [(change.time, change.state, change.asked) for change in whole] == [
        (1.0, "waiting", False),
        (2.0, "waiting", True),
        (3.0, "running", False),
    ]
    last = [change for change in found if change.kind == "stage"][-1]
    assert (last.state, last.asked) == ("waiting", True)


def test_a_stop_of_the_process_is_a_wait_for_a_person_since_then(tmp_path):
    def line(time, *stops):
        made = {"id": "a", "name": "x", "state": "running", "started": 10.0, "stops": stops}
        return {"type": "operation", "time": time, "operation": made}

    path = write(
        tmp_path / "r",
        line(10.0),
        line(13.0, [11.5, None]),
        line(20.0, [11.5, 20.0]),
        line(21.0, "x"),
    )

    found = [change for change in changes(path) if change.kind == "whole"]

    assert [(change.time, change.state, change.asked, change.idle) for change in found] == [
        (3.0, "waiting", True, 1.5),
        (10.0, "running", False, 0.0),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"stages": "x"},
        {"stages": [1, None, {"id": "z"}]},
        {"stages": [{"id": 1, "state": {"a": 1}, "parent": [1], "attempt": "x"}]},
        {"stages": [{"id": 1, "state": "running", "done": 10**400, "total": "q"}]},
        {"state": ["running"]},
        {"started": 1e300},
        {"stops": [[-1e300, None]]},
        {"stops": [7]},
        {"ended": -1e18, "state": "completed"},
    ],
)
def test_a_hostile_record_neither_raises_nor_leads_out_of_the_recording(tmp_path, changed):
    record = {"id": "a", "name": "n", "state": "running", "started": 1000.0, "stages": []}
    path = write(
        tmp_path / "r",
        {"type": "operation", "time": 1000.0, "operation": record},
        {"type": "operation", "time": 1e15, "operation": record},
        {"type": "operation", "time": 1001.0, "operation": {**record, **changed}},
    )

    assert all(abs(change.time) < 10 for change in changes(path))


def test_an_unknown_count_stays_unknown(tmp_path):
    stage = {"id": 1, "name": "s", "state": "running", "done": None, "total": 10}
    record = {"id": "a", "name": "n", "state": "running", "started": 1000.0, "stages": [stage]}
    path = write(tmp_path / "r", {"type": "operation", "time": 1000.0, "operation": record})

    assert [change.done for change in changes(path) if change.kind == "stage"] == [None]


SAMPLE = {"cpu": 1.5, "read": 10, "written": None, "lines": [7, "x", -1]}


def test_hidden_counts_of_a_trace_are_changes(tmp_path):
    path = write(
        tmp_path / "t",
        {"t": 0, "op": "build", "state": "plan", "plan": []},
        {"t": 1, "op": "build", "state": "work", **SAMPLE},
        {"t": 3, "op": "build", "state": "end"},
    )
    [_, found, _] = changes(path)
    assert (found.kind, found.time, found.work) == ("work", 1, (1.5, 10, None, [7]))


def test_hidden_counts_of_a_recording_belong_to_an_operation_that_it_has_told_of(tmp_path):
    operation = {"id": "a", "name": "tar", "state": "running", "started": 5.0, "stages": []}
    path = write(
        tmp_path / "r",
        {"type": "snapshot", "time": 10.0, "operations": []},
        {"type": "work", "time": 10.5, "operation": "a", **SAMPLE},
        {"type": "operation", "time": 11.0, "operation": operation},
        {"type": "work", "time": 12.0, "operation": "a", **SAMPLE},
    )
    [begin, found] = changes(path)
    assert begin.kind == "begin"
    assert (found.kind, found.time, found.operation) == ("work", 2.0, "a")
