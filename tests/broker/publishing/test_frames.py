"""Rows and frames, as a follower would read them."""

import pytest
from wired import Wired

from headway.model import Stage
from headway.protocol import messages
from headway.protocol.limits import FRAME_LIMIT
from headway.protocol.rows import OperationRecord
from headway.protocol.rows import decode as decode_row
from headway.protocol.wire import decode, unpack
from headway_broker.publishing import frames
from headway_broker.state.entry import Marks


@pytest.fixture
def entry():
    wired = Wired()
    wired.worker().start(stages=("a", "b"))
    return wired.core.ledger.entries["op"]


def rows(found):
    return [decode_row(unpack(row)) for row in found]


NO_MORE = (None, None, (), None, None)  # holder, stall, stops, usual and work


def test_a_whole_row_has_everything(entry):
    entry.operation.tail = ["last words"]
    entry.operation.stages[1].shares = {"child": 3}
    entry.operation.stages[1].progress = 0.5
    [row] = rows(frames.whole_rows(entry))
    assert row.operation == "op"
    record = OperationRecord.of(entry.operation)
    assert row.record == record._replace(key=entry.learned_as)
    assert [list(stage) for stage in row.stages] == [
        stage.record() for stage in entry.operation.stages.values()
    ]
    assert row.figures == (None, None, None, None, False, ["last words"], *NO_MORE)
    assert row.stage_figures == {1: (0.5, None)}
    assert row.shares == {1: {"child": 3}}


def test_a_changed_row_has_what_is_marked_and_nothing_else(entry):
    marks = Marks()
    marks.counts = {1: False, 2: True}
    marks.stage_figures = {1}
    entry.operation.stages[1].done = 7
    entry.operation.stages[2].detail = "x"
    [row] = rows(frames.changed_rows(entry, marks))
    assert row == ("op", None, [], {1: 7, 2: [0, 100, "x"]}, None, {1: (None, None)}, {})


def test_the_tail_comes_with_the_end(entry):
    marks = Marks()
    marks.structure = True
    entry.operation.tail = ["last words"]
    assert rows(frames.changed_rows(entry, marks))[0].figures is None
    entry.operation.move("failed", 200.0)
    assert rows(frames.changed_rows(entry, marks))[0].figures.tail == ["last words"]


def test_an_operation_of_many_stages_takes_several_rows(entry):
    for number in range(3, 1203):
        entry.operation.stages[number] = Stage(number, "more")
    found = rows(frames.whole_rows(entry))
    assert [len(row.stages) for row in found] == [500, 500, 202]
    assert [row.record is None for row in found] == [False, True, True]
    marks = Marks()
    marks.stages = set(entry.operation.stages)
    found = rows(frames.changed_rows(entry, marks))
    assert [stage.id for row in found for stage in row.stages] == list(range(1, 1203))


def test_frames_stay_under_the_limit_however_much_there_is():
    groups = frames.parts([b"x" * 50_000] * 40)
    assert sum(map(len, groups)) == 40
    assert max(sum(map(len, group)) for group in groups) <= frames.PART_SIZE
    assert frames.parts([]) == [[]]
    assert frames.parts([b"x" * 900_000, b"y"]) == [[b"x" * 900_000], [b"y"]]


def test_the_largest_rows_fit_a_frame(entry):
    stages = entry.operation.stages
    for number in range(1, 501):
        stages[number] = stage = Stage(number, "n" * 256)
        stage.detail = stage.error = stage.reason = "d" * 4096
    found = list(frames.whole_rows(entry))
    assert max(map(len, found)) < FRAME_LIMIT / 2
    assert [stage.id for row in rows(found) for stage in row.stages] == list(stages)


def test_the_largest_counts_fit_a_frame(entry):
    marks = Marks()
    for number in range(1, 501):
        entry.operation.stages[number] = stage = Stage(number, "n")
        stage.detail = "\U0001f600" * 4096
        marks.counts[number] = True
    found = list(frames.changed_rows(entry, marks))
    assert max(map(len, found)) < FRAME_LIMIT / 2
    assert sum(len(row.counts) for row in rows(found)) == 500


def test_deltas_are_numbered_on(entry):
    found = frames.deltas("me", 7, 1.5, [b"\xc0" * 1] * 3)
    message = decode(found[0], messages.PUBLISHED)
    assert message == messages.Delta("me", 8, 1.5, [None, None, None])
    big = frames.deltas("me", 7, 1.5, [b"\xda\xff\xff" + b"x" * 65535] * 8)
    assert [decode(frame, messages.PUBLISHED).sequence for frame in big] == [8, 9, 10, 11]


def test_a_snapshot_of_nothing_is_one_part(entry):
    [frame] = frames.snapshot("me", 7, 1.5, 2.5, [], {})
    assert decode(frame, messages.PUBLISHED) == messages.Snapshot("me", 7, 1.5, 2.5, 0, 1, [])


@pytest.mark.parametrize("figures", [False, True])
def test_the_rows_of_a_block_are_those_that_are_packed_alone(entry, figures):
    operation = entry.operation
    operation.progress, operation.estimate = 0.25, (1.0, 2.0, 3.0, "rate", 0)
    operation.stages[1].progress, operation.stages[1].done = 0.5, 3.5
    marks = Marks()
    marks.counts, marks.stage_figures, marks.figures = {2: False, 1: False}, {1, 2}, figures
    row = frames.block_row(operation, marks, followed=False)
    blocks = [frames.block([row] * 20), frames.single(b"\xc0")]
    [delta] = frames.deltas_of("me", 7, 1.5, blocks)
    message = decode(delta, messages.PUBLISHED)
    assert message[:3] == ("me", 8, 1.5)
    assert message.operations[20:] == [None]
    [alone] = rows(frames.changed_rows(entry, marks))
    assert list(map(decode_row, message.operations[:20])) == [alone] * 20


def test_what_has_a_text_or_moves_in_many_stages_is_in_no_block(entry):
    for place, change in enumerate(
        (
            {"structure": True},
            {"stages": {1}},
            {"shares": {1}},
            {"counts": {1: True}},
            {"counts": dict.fromkeys(range(frames.FEW + 1), False)},
        )
    ):
        marks = Marks()
        for name, value in change.items():
            setattr(marks, name, value)
        assert frames.block_row(entry.operation, marks, followed=True) is None, place


def test_the_progress_of_what_has_counted_is_worked_out_where_somebody_follows(entry):
    operation = entry.operation
    for followed, figures in ((False, {}), (True, {1: (0.25, None)}), (True, {})):
        marks = Marks()
        marks.counts = {1: False}
        operation.stages[1].done = 25
        row = frames.block_row(operation, marks, followed=followed)
        assert (row.counts, row.stage_figures) == ({1: 25}, figures)
    assert operation.stages[1].progress == 0.25
