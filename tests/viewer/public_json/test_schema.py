from showcase import NOW, WALL, installers, operation, replica_of, stage

from headway_viewer.public_json.schema import operation_object, parents_first

OPERATION = """
    id name key state reason error message silent_since stalled_since unheard_since
    no_broker_since stops host pid user tty
    started ended elapsed progress cancellable parent holder attempt rank labels exit_status notify
    estimate usual work stages
"""
STAGE = """
    id parent name state reason error detail done total unit initial progress started ended elapsed
    attempt estimate
"""


def test_an_operation_has_the_public_fields_and_no_others():
    apt = installers()[1]
    record = operation_object(apt, replica_of(apt), NOW)
    assert set(record) == set(OPERATION.split())
    assert set(record["stages"][0]) == set(STAGE.split())


def test_times_are_unix_seconds_and_durations_seconds():
    npm = installers()[0]
    record = operation_object(npm, replica_of(npm), NOW)
    assert record["started"] == WALL - 60
    assert record["ended"] == WALL - 22
    assert record["elapsed"] == 38.0
    assert record["silent_since"] is None


def test_what_is_unknown_is_null_and_an_estimate_has_its_basis():
    npm, apt, *_ = installers()
    assert operation_object(npm, replica_of(npm), NOW)["estimate"] is None
    estimate = operation_object(apt, replica_of(apt), NOW)["estimate"]
    assert sorted(estimate) == ["basis", "high", "low", "median", "runs"]


def test_what_is_usual_has_its_range_and_the_number_of_runs():
    made = operation("a", "x")
    assert operation_object(made, replica_of(made), NOW)["usual"] is None
    made.usual = (20.0, 12.0, 28.0, 3)
    assert operation_object(made, replica_of(made), NOW)["usual"] == {
        "median": 20.0,
        "low": 12.0,
        "high": 28.0,
        "runs": 3,
    }


def test_what_a_commands_processes_have_done_is_told_as_far_as_it_can_be_read():
    made = operation("a", "x")
    assert operation_object(made, replica_of(made), NOW)["work"] is None
    made.work = (3.2071, 120_000_000, None)
    assert operation_object(made, replica_of(made), NOW)["work"] == {
        "cpu": 3.21,
        "read": 120_000_000,
        "written": None,
    }


def test_who_holds_what_an_operation_waits_for_is_named_by_its_id():
    held = operation("e01aaaaaaaaa", "apt install nginx", "waiting", holder="2c9aaaaaaaaa")
    assert operation_object(held, replica_of(held), NOW)["holder"] == "2c9aaaaaaaaa"


def test_when_a_process_was_stopped_is_told_in_unix_seconds():
    made = operation("a", "x")
    made.stops = ((NOW - 9, NOW - 5), (NOW - 2, None))
    assert operation_object(made, replica_of(made), NOW)["stops"] == [
        [WALL - 9, WALL - 5],
        [WALL - 2, None],
    ]


def test_what_forked_children_did_is_in_done():
    made = operation("a", "x")
    stage(made, "s", done=5, shares={"child": 3})
    assert operation_object(made, replica_of(made), NOW)["stages"][0]["done"] == 8


def test_a_count_beyond_what_can_be_told_is_null():
    made = operation("a", "x")
    stage(made, "s", done=5, total=10).beyond = True
    record = operation_object(made, replica_of(made), NOW)["stages"][0]
    assert (record["done"], record["progress"]) == (None, None)


def test_stages_stand_parents_first_whatever_order_they_came_in():
    made = operation("a", "x")
    for name, parent in (("grandchild", 2), ("child", 3), ("root", None)):
        stage(made, name, parent=parent)
    assert [part.name for part in parents_first(made)] == ["root", "child", "grandchild"]


def test_stages_whose_parents_make_a_circle_or_are_missing_are_all_there_once():
    made = operation("a", "x")
    stage(made, "orphan", parent=99)
    stage(made, "root")
    assert [part.name for part in parents_first(made)] == ["orphan", "root"]
