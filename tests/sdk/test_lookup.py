"""What a person means by an id, the beginning of one, or a name."""

from showcase import operation

from headway.lookup import alike, is_labelled, matching, meant, similar_names


def ids(operations):
    return [made.id for made in operations]


def test_what_is_inside_of_a_labelled_operation_is_labelled():
    operations = [
        operation("part", "part", parent="middle/1"),
        operation("middle", "middle", parent="whole"),
        operation("whole", "whole", labels={"run": "42"}),
        operation("other", "other", labels={"run": "43"}),
        operation("orphan", "orphan", parent="gone/1"),
        operation("round", "round", parent="round/1"),
    ]
    known = {one.id: one for one in operations}
    labelled = [one for one in operations if is_labelled(one, [("run", "42")], known)]
    assert ids(labelled) == ["part", "middle", "whole"]


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


def test_a_program_means_the_operation_that_is_named_after_it_where_nothing_else_is():
    operations = [operation("a", "l.py: Compile"), operation("b", "l.py")]
    assert ids(meant(operations, "l.py")) == ["b"]
    assert ids(meant(operations[:1], "l.py")) == ["a"]
    assert meant(operations, "l") == []


def test_one_slip_of_the_keyboard_is_alike_in_a_short_word_too():
    verbs = ["run", "view", "help", "logs"]
    for word, meant_word in (("rnu", "run"), ("helo", "help"), ("veiw", "view"), ("runs", "run")):
        assert alike(word, verbs) == [meant_word]
    for word in ("bogus", "zzz", "r", ""):
        assert alike(word, verbs) == []


def test_a_name_that_is_similar_is_suggested_once_whatever_its_case():
    names = ["npm install", "l.py: Compile", "NPM install"]
    assert similar_names(names, "npm") == ["npm install"]
    assert similar_names(names, "l.py") == ["l.py: Compile"]
    assert similar_names(names, "npm instal") == ["npm install"]
    assert similar_names(names, "sh deploy.sh", "l.py: compile") == ["l.py: Compile"]
    assert similar_names(names, "make") == []
