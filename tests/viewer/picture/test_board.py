from showcase import INSTANCE, NOW, board_of, operation, replica_of, row, snapshot

from headway.protocol.messages import Delta, Removed
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Changes


def many(count, state="running", **fields):
    return [
        operation(
            f"{state[:2]}{number:04}", f"{state} {number}", state, started=-100 + number, **fields
        )
        for number in range(count)
    ]


def ids(operations):
    return [made.id for made in operations]


def test_all_are_chosen_where_they_fit():
    chosen = board_of(*many(5)).choose(5)
    assert len(chosen.operations) == 5
    assert chosen.more == {}


def test_what_runs_stands_first_then_what_failed_and_the_rest_is_counted():
    board = board_of(*many(20, "completed", ended=-1), *many(4), *many(1, "failed", ended=-1))
    chosen = board.choose(6)
    assert [made.state for made in chosen.operations] == ["running"] * 4 + ["failed"]
    assert chosen.more["completed"] == 20
    assert sum(chosen.more.values()) == 20


def test_what_failed_gets_a_third_of_the_room_beside_what_runs():
    board = board_of(*many(50, "failed", ended=-1), *many(50))
    states = [made.state for made in board.choose(10).operations]
    assert states == ["running"] * 6 + ["failed"] * 3


def test_what_has_ended_gets_no_more_than_a_third_though_little_runs():
    ends = [*many(20, "failed", ended=-1), *many(20, "completed", ended=-1)]
    chosen = board_of(*ends, *many(2)).choose(16)
    assert [made.state for made in chosen.operations] == ["running"] * 2 + ["failed"] * 5
    assert (chosen.more["failed"], chosen.more["completed"]) == (15, 20)
    chosen = board_of(*ends).choose(16)
    assert [made.state for made in chosen.operations] == ["failed"] * 15


def test_a_failure_has_a_line_for_its_reason_before_one_more_row():
    why = many(50, "failed", ended=-1, error="no route to host")
    chosen = board_of(*why, *many(50)).choose(10)  # and a line that counts the others
    assert [made.state for made in chosen.operations] == ["running"] * 5 + ["failed"] * 2
    chosen = board_of(*why[:1], *many(9)).choose(10)  # each would have a row, but no reason
    assert [made.state for made in chosen.operations] == ["running"] * 7 + ["failed"]
    assert sum(chosen.more.values()) == 2
    assert len(board_of(*why[:1], *many(9)).choose(11).operations) == 10
    assert [made.state for made in board_of(*why, *many(9)).choose(3).operations] == [
        "running",
        "failed",
    ]


def test_the_rows_have_the_order_of_the_list():
    board = board_of(*many(3, "failed", ended=-1), *many(4), *many(3, "completed", ended=-1))
    shown = ids(board.choose(40).operations)
    assert shown == board.ordered()[: len(shown)]


def test_the_latest_failures_are_shown_the_latest_first():
    failed = [operation(f"f{n}", f"f{n}", "failed", ended=-50.0 + n) for n in range(9)]
    chosen = board_of(*failed).choose(4)
    assert ids(chosen.operations) == ["f8", "f7", "f6"]


def test_rows_do_not_change_places_while_they_run():
    board = board_of(*many(5))
    before = ids(board.choose(10).operations)
    for made in board.replica.operations.values():
        made.progress = 0.5
    rows = [row(board.replica.operations[name]) for name in reversed(before)]
    board.replica.fold(Delta(INSTANCE, 2, NOW, rows), NOW)
    board.absorb(board.replica.take(), NOW)
    assert ids(board.choose(10).operations) == before


def test_children_stand_below_their_parent_not_beside_it():
    parent = operation("par", "build")
    children = [operation(f"ch{n}", "rows", parent="par/1") for n in range(8)]
    board = board_of(parent, *children)
    assert ids(board.choose(10).operations) == ["par"]
    assert ids(board.children("par")) == ids(children)
    assert board.counts["running"] == 1


def test_a_child_that_comes_before_its_parent_finds_it():
    board = board_of(operation("ch1", "rows", parent="par/1"))
    assert ids(board.choose(10).operations) == ["ch1"]
    board.replica.fold(
        snapshot([operation("ch1", "rows", parent="par/1"), operation("par", "build")], sequence=2),
        NOW,
    )
    board.absorb(board.replica.take(), NOW)
    assert ids(board.choose(10).operations) == ["par"]


def test_a_child_that_had_ended_before_its_parent_came_finds_it():
    child = operation("child", "x", "completed", ended=-1, parent="parent/3")
    board = board_of(child)
    board.replica.fold(snapshot([child, operation("parent", "y")]), NOW)
    board.absorb(Changes(["parent"], [], False, None), NOW)
    assert not board.has_row("child")
    assert ids(board.children("parent")) == ["child"]


def test_a_parent_that_is_gone_makes_its_child_a_root():
    board = board_of(operation("par", "build"), operation("ch1", "rows", parent="par/1"))
    board.replica.fold(Removed("broker-1", 2, NOW, ["par"]), NOW)
    board.absorb(board.replica.take(), NOW)
    assert ids(board.choose(10).operations) == ["ch1"]
    assert board.counts["running"] == 1


def test_counts_follow_every_change():
    board = board_of(*many(3))
    made = board.replica.operations["ru0000"]
    made.state = "failed"
    board.replica.fold(Delta(INSTANCE, 2, NOW, [row(made)]), NOW)
    board.absorb(board.replica.take(), NOW)
    assert board.counts["running"] == 2
    assert board.counts["failed"] == 1
    assert board.open == 2


def test_ids_are_shown_as_short_as_tells_them_apart():
    board = board_of(operation("abcd1111", "x"), operation("abcd2222", "y"))
    assert board.short_id("abcd1111") == "abcd1"
    assert board_of(operation("abcd1111", "x")).short_id("abcd1111") == "abc"
    crowd = [operation(f"{number:03}{'z' * 9}", "x") for number in range(300)]
    board = board_of(*crowd, operation("000a" + "z" * 8, "y"))
    assert board.short_id("000zzzzzzzzz") == "000z"


def test_seen_are_those_that_were_open_or_had_just_ended():
    board = board_of(
        operation("old", "x", "failed", ended=-600.0),
        operation("new", "x", "completed", ended=-1.0),
        operation("run", "x"),
    )
    assert set(board.seen) == {"new", "run"}


def test_only_accepted_operations_and_their_children_are_on_a_board():
    replica = replica_of(
        operation("par", "x"), operation("ch1", "y", parent="par/1"), operation("oth", "z")
    )
    board = Board(replica)
    board.accepts = lambda made: made.id == "par"
    board.absorb(replica.take(), NOW)
    assert ids(board.choose(9).operations) == ["par"]
    assert ids(board.children("par")) == ["ch1"]


def test_of_what_had_ended_before_only_the_latest_few_get_rows():
    old = [operation(f"op{n}", "x", "completed", ended=-900.0 + n) for n in range(50)]
    new = [operation(f"new{n}", "x", "completed", ended=-1.0) for n in range(10)]
    chosen = board_of(*old, *new).choose(40)
    assert len(chosen.operations) == 13
    assert chosen.more == {}
    assert board_of(*old, *new).shown_counts()["completed"] == 13


def test_what_was_left_loses_its_row_on_a_terminal_after_a_second():
    board = board_of(operation("left", "x", reason="left at 20 of 60"), operation("on", "y"))
    assert not board.long_left(NOW + 0.9)
    hidden = board.long_left(NOW + 1.0)
    chosen = board.choose(4, ended=False, hidden=hidden)
    assert (ids(chosen.operations), chosen.more) == (["on"], {})


def test_what_stopped_short_of_its_end_is_counted_as_that():
    board = board_of(
        operation("a", "x", "completed", ended=-1.0, reason="stopped at 8 of 20"),
        operation("b", "y", "completed", ended=-1.0),
    )
    assert (board.counts["stopped"], board.counts["completed"]) == (1, 1)


def ranked(identity, number, state="running", **fields):
    return operation(identity, "Batches", state, rank=("7.1.1", number, 3), **fields)


def again(board, *changed):
    """The board after these operations have changed."""
    board.replica.fold(
        Delta(INSTANCE, board.replica.sequence + 1, NOW, list(map(row, changed))), NOW
    )
    board.absorb(board.replica.take(), NOW)


def test_the_ranks_of_a_job_share_a_row_that_is_open_while_any_is():
    board = board_of(*(ranked(f"r{n}", n) for n in range(3)))
    (lead,) = ids(board.roots("running"))
    again(board, ranked(lead, int(lead[1]), "completed", ended=-1.0))
    (second,) = ids(board.roots("running", "completed"))
    assert second != lead
    assert (board.counts["running"], board.counts["completed"], len(board.seen)) == (1, 0, 1)
    again(board, *(ranked(f"r{n}", n, "completed", ended=0.0) for n in range(3)))
    assert len(ids(board.roots("running", "completed"))) == 1
    assert (board.counts["running"], board.counts["completed"], len(board.seen)) == (0, 1, 1)
    assert ids(board.ranks(next(iter(board.seen)))) == ["r0", "r1", "r2"]


def test_a_rank_that_fails_has_a_row_of_its_own():
    board = board_of(*(ranked(f"r{n}", n) for n in range(3)))
    for n in (1, 0):
        again(board, ranked(f"r{n}", n, "failed", ended=-1.0))
    assert sorted(ids(board.roots("failed"))) == ["r0", "r1"]
    assert ids(board.roots("running")) == ["r2"]
    assert board.ranks("r2") == []


def test_ranks_that_are_removed_leave_the_row_to_the_others():
    board = board_of(*(ranked(f"r{n}", n, "completed", ended=-1.0) for n in range(3)))
    for left in (2, 1, 0):
        (lead,) = ids(board.roots("completed")) if left else [next(iter(board.seen))]
        board.replica.fold(Removed(INSTANCE, board.replica.sequence + 1, NOW, [lead]), NOW)
        board.absorb(board.replica.take(), NOW)
        assert board.counts["completed"] == len(ids(board.roots("completed"))) == min(left, 1)
