import json

from showcase import NOW, WALL, board_of, installers, operation, replica_of

from headway.protocol.messages import Lines, WorkDone
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Changes


def test_every_line_says_where_in_the_stream_it_stands():
    board = board_of(*installers())
    writer = Writer(board.replica)
    lines = [
        writer.snapshot(NOW),
        *writer.changes(Changes([installers()[1].id], ["gone"], False, 3), NOW),
        writer.log(Lines("broker-1", 1, NOW, "a", 2, ["x"]), NOW),
    ]
    parsed = [json.loads(line) for line in lines]
    assert [line["type"] for line in parsed] == ["snapshot", "gap", "operation", "removed", "log"]
    for line in parsed:
        assert (line["schema"], line["instance"], line["seq"]) == (1, "broker-1", 1)
        assert line["time"] == WALL
    assert parsed[1]["missed"] == 3
    assert parsed[3]["operations"] == ["gone"]
    assert (parsed[4]["operation"], parsed[4]["stage"], parsed[4]["lines"]) == ("a", 2, ["x"])


def test_hostile_text_stays_within_its_line_and_is_not_lost():
    made = operation("a", 'x\n{"schema":1}\u2028\x1b[2J')
    line = Writer(replica_of(made)).snapshot(NOW)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line)["operations"][0]["name"] == made.name


def test_only_the_operations_asked_for_are_written():
    board = board_of(*installers())
    changes = Changes(["a", "b"], [], True, None)
    (line,) = Writer(board.replica).changes(changes, NOW, {installers()[1].id})
    assert [made["name"] for made in json.loads(line)["operations"]] == ["apt install postgresql"]


def test_hidden_counts_are_a_line_with_the_time_of_their_sample():
    writer = Writer(board_of(*installers()).replica)
    line = json.loads(writer.log(WorkDone("b", 1, NOW - 1.0, "a", 1.5, 10, None, [7]), NOW))
    assert (line["type"], line["time"]) == ("work", WALL - 1.0)
    assert [line[name] for name in ("operation", "cpu", "read", "written", "lines")] == [
        "a", 1.5, 10, None, [7],
    ]  # fmt: skip
