import pytest
from showcase import NOW, board_of, operation, snapshot

from headway_viewer.selection import Ambiguous, Selection, pick


def over(selection, board):
    selection.update(board.replica)
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
