from showcase import NOW, about, board_of, operation, stage

from headway.formatting import theme
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.header import Header

PLAIN = theme.make(ascii_only=False, coloured=False)


def header_of(*operations):
    board = board_of(*operations)
    return board, Header(board, PLAIN, FinishTime())


def line(*operations, width=79):
    board, header = header_of(*operations)
    return PLAIN.paint(header.line(width, NOW, None, board.shown_counts()))


def test_it_counts_what_is_shown_or_left_out_of_it():
    old = [operation(f"old{n}", "x", "failed", ended=-900.0 + n) for n in range(50)]
    assert line(operation("a", "y"), *old).startswith("headway  1 running, 3 failed")


def test_it_tells_when_the_slowest_rank_is_done():
    ranks = [operation(f"r{n}", "train.py", rank=("7.1.1", n, 2)) for n in range(2)]
    for made, seconds, done in zip(ranks, (5, 120), (280, 30)):
        made.estimate = about(seconds)
        stage(made, "epochs", done=done, total=300)
    assert line(*ranks, operation("z", "y", estimate=about(9))).endswith("about 2 min")


def test_the_longest_of_thousands_is_looked_for_now_and_then_and_counts_down_between():
    operations = [operation(f"{n:012}", f"job {n}", estimate=about(600)) for n in range(3000)]
    board, header = header_of(*operations)
    assert header.all_remaining(NOW)[0] == "about 10 min"
    for made in board.replica.operations.values():
        made.estimate = about(60)
    assert header.all_remaining(NOW + 2.0)[0] == "about 10 min"
    assert header.all_remaining(NOW + 3.0)[0] == "about 55 s"


def test_of_parts_that_do_not_fit_as_many_stand_there_as_do_whole():
    made = [operation("a", "x"), operation("b", "y", "failed", ended=-1.0)]
    made.append(operation("c", "z", "cancelled", ended=-1.0))
    assert line(*made, width=39) == "1 running, 1 failed, 1 cancelled"
    assert line(*made, width=24) == "1 running, 1 failed, …"
