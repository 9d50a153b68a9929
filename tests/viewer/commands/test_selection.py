import pytest
from showcase import NOW, board_of, operation, snapshot

from headway_viewer.commands.selection import Ambiguous, Selection, pick


def over(selection, board, now=NOW):
    selection.update(board.replica, now)
    return selection.done(board)


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["completed"], 0),
        (["completed", "failed"], 1),
        (["crashed"], 1),
        (["completed", "cancelled"], 130),
        (["cancelled", "failed"], 1),
        ([], 4),
    ],
)
def test_the_exit_status_tells_how_they_ended(states, status):
    board = board_of(
        *(operation(f"op{n}", "x", state, ended=-1.0) for n, state in enumerate(states))
    )
    selection = Selection([])
    assert over(selection, board) == bool(states)
    assert selection.exit_status(board) == status


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
    selection = Selection(["x"], patience=3.0)
    assert not over(selection, board)
    assert selection.look_again(NOW) == 3.0
    board.replica.fold(snapshot([operation("b", "x")], sequence=2), NOW)
    assert selection.update(board.replica, NOW + 1) == ["b"]
    assert selection.look_again(NOW + 1) is None


def test_where_no_next_run_comes_the_one_before_was_meant():
    board = board_of(operation("a", "x", "failed", ended=-60.0))
    selection = Selection(["x"], patience=3.0)
    assert not over(selection, board, NOW + 2.9)
    assert selection.look_again(NOW + 2.9) == pytest.approx(3.0)
    assert over(selection, board, NOW + 6)
    assert selection.exit_status(board) == 1


@pytest.mark.parametrize(("word", "ended"), [("x", -1.0), ("a", -60.0)])
def test_what_has_just_ended_or_is_named_by_its_id_is_taken_at_once(word, ended):
    board = board_of(operation("a", "x", "failed", ended=ended))
    assert over(Selection([word], patience=3.0), board)


def test_what_has_not_begun_is_told():
    empty = board_of()
    assert Selection([]).awaited(empty) == "an operation"
    assert Selection(["x", "y"]).awaited(empty) == "'x' and 'y'"
    board = board_of(operation("a", "x", "failed", ended=-60.0), operation("b", "z"))
    assert Selection([]).awaited(board) is None
    selection = Selection(["x", "y", "z"], patience=3.0)
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
        pick(board.replica, "ab")


def test_of_several_that_ended_under_a_name_the_latest_is_meant():
    board = board_of(
        operation("a", "x", "failed", ended=-60.0), operation("b", "x", "completed", ended=-9.0)
    )
    assert pick(board.replica, "x").id == "b"
