"""What a person means by an id, the beginning of one, or a name."""

from showcase import operation

from headway.lookup import matching, meant


def ids(operations):
    return [made.id for made in operations]


def test_an_operation_is_found_by_id_by_its_beginning_or_by_name():
    operations = [operation("abc1", "build"), operation("abd2", "test")]
    assert ids(matching(operations, "abc1")) == ["abc1"]
    assert ids(matching(operations, "abc")) == ["abc1"]
    assert ids(matching(operations, "ABC")) == ["abc1"]
    assert ids(matching(operations, "test")) == ["abd2"]
    assert ids(matching(operations, "ab")) == ["abc1", "abd2"]
    assert matching(operations, "") == []
    assert matching(operations, "x") == []


def test_a_name_means_the_open_operation_before_ended_ones():
    operations = [operation("a", "build", "failed", ended=-5), operation("b", "build")]
    assert ids(matching(operations, "build")) == ["b"]


def test_of_several_that_ended_under_a_name_the_latest_is_meant():
    operations = [
        operation("a", "x", "failed", ended=-60.0),
        operation("b", "x", "completed", ended=-9.0),
    ]
    assert ids(meant(operations, "x")) == ["b"]


def test_what_can_mean_several_means_all_of_them():
    operations = [operation("abc1", "x"), operation("abd2", "y")]
    assert ids(meant(operations, "ab")) == ["abc1", "abd2"]
    assert meant(operations, "zzz") == []
