import pytest
from showcase import NOW, board_of, operation, snapshot

from headway_viewer.commands.selection import Ambiguous, Selection, find_operation, matching


def ids(operations):
    return [made.id for made in operations]


def over(selection, board, now=NOW):
    selection.update(board.replica, now)
    return selection.done(board)


def test_without_names_the_exit_status_is_that_of_all_that_were_seen():
    board = board_of(
        operation("a", "x", "completed", ended=-1.0), operation("b", "y", "failed", ended=-1.0)
    )
    selection = Selection([])
    assert over(selection, board)
    assert selection.exit_status(board) == 1
    assert Selection([]).exit_status(board_of()) == 4


def test_it_is_not_over_before_a_first_operation():
    assert not over(Selection([]), board_of())
    assert not over(Selection([]), board_of(operation("a", "x", "failed", ended=-60.0)))


def test_it_is_not_over_while_one_is_open():
    board = board_of(operation("a", "x", "failed", ended=-1.0), operation("b", "y"))
    assert not over(Selection([]), board)


def test_only_the_named_count():
    board = board_of(operation("a", "x", "completed", ended=-1.0), operation("b", "y"))
    selection = Selection(["x"])
    assert over(selection, board)
    assert selection.exit_status(board) == 0


def test_a_named_one_that_ended_long_ago_counts_too():
    board = board_of(operation("a", "x", "failed", ended=-600.0))
    selection = Selection(["a"])
    assert over(selection, board)
    assert selection.exit_status(board) == 1


def test_a_name_that_ended_before_may_mean_the_next_run():
    board = board_of(operation("a", "x", "failed", ended=-60.0))
    selection = Selection(["x"], next_run_wait=3.0)
    assert not over(selection, board)
    assert selection.next_check(NOW) == 3.0
    board.replica.fold(snapshot([operation("b", "x")], sequence=2), NOW)
    assert selection.update(board.replica, NOW + 1) == ["b"]
    assert selection.next_check(NOW + 1) is None


def test_where_no_next_run_comes_the_one_before_was_meant():
    board = board_of(operation("a", "x", "failed", ended=-60.0))
    selection = Selection(["x"], next_run_wait=3.0)
    assert not over(selection, board, NOW + 2.9)
    assert selection.next_check(NOW + 2.9) == pytest.approx(3.0)
    assert over(selection, board, NOW + 6)
    assert selection.exit_status(board) == 1


@pytest.mark.parametrize(("word", "ended"), [("x", -1.0), ("a", -60.0)])
def test_what_has_just_ended_or_is_named_by_its_id_is_taken_at_once(word, ended):
    board = board_of(operation("a", "x", "failed", ended=ended))
    assert over(Selection([word], next_run_wait=3.0), board)


def test_what_has_not_begun_is_told():
    empty = board_of()
    assert Selection([]).awaited(empty) == "an operation"
    assert Selection(["x", "y"]).awaited(empty) == "'x' and 'y'"
    board = board_of(operation("a", "x", "failed", ended=-60.0), operation("b", "z"))
    assert Selection([]).awaited(board) is None
    selection = Selection(["x", "y", "z"], next_run_wait=3.0)
    selection.update(board.replica, NOW)
    assert selection.awaited(board) == "'y'"


def test_a_name_that_is_not_known_yet_is_waited_for():
    board = board_of(operation("a", "x", "completed", ended=-1.0))
    selection = Selection(["later"])
    assert not over(selection, board)
    board.replica.fold(
        snapshot([operation("b", "later", "completed", ended=-1.0)], sequence=2), NOW
    )
    board.absorb(board.replica.take(), NOW)
    assert over(selection, board)


def test_what_can_mean_several_is_refused_with_their_ids():
    board = board_of(operation("abc1", "x"), operation("abd2", "y"))
    with pytest.raises(Ambiguous, match="abc1, abd2"):
        find_operation(board.replica, "ab")


def test_of_several_that_ended_under_a_name_the_latest_is_meant():
    board = board_of(
        operation("a", "x", "failed", ended=-60.0), operation("b", "x", "completed", ended=-9.0)
    )
    assert find_operation(board.replica, "x").id == "b"


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


def test_what_was_left_and_is_not_judged_is_given_up_after_a_minute():
    board = board_of(operation("a", "x", reason="left at 20 of 60"))
    selection = Selection([])
    assert not over(selection, board)
    assert not selection.unjudged(board, NOW + 59.0)
    assert selection.unjudged(board, NOW + 61.0)


def test_what_still_works_beside_what_was_left_is_waited_for():
    board = board_of(operation("a", "x", reason="left at 20 of 60"), operation("b", "y"))
    selection = Selection([])
    over(selection, board)
    assert not selection.unjudged(board, NOW + 61.0)
