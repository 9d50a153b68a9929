"""When work will be done, beside how long it takes."""

from showcase import NOW, WALL, about, board_of, operation, stage

from headway.estimate import Estimate
from headway.formatting import theme
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.view import View

PLAIN = theme.make(ascii_only=False, coloured=False)


def clock(unix, now):
    """Minutes from now on, so that a test needs no time zone."""
    assert now == WALL
    return f"+{(unix - now) / 60:g}"


def drawn(*operations, columns=100, always=False):
    view = View(board_of(*operations), PLAIN, finish_time=FinishTime(clock, always=always))
    return [PLAIN.paint(line).rstrip() for line in view.picture(columns, 9, NOW)]


def build(seconds, low=1.6, high=1.8, **fields):
    estimate = Estimate(seconds / low, seconds, seconds * high, "history", 3)
    return operation("aaa", "build", estimate=estimate, progress=0.5, **fields)


def test_from_ten_minutes_on_the_finish_stands_beside_the_remaining_time():
    assert "about 40 min (25–70)  done about +40" in drawn(build(2400))[1]


def test_of_short_work_it_is_told_only_where_that_is_asked_for():
    assert "done" not in "".join(drawn(build(120)))
    assert "about 2 min  done about +2" in "".join(drawn(build(120, 1.1, 1.1), always=True))


def test_of_what_is_hardly_known_it_is_not_told():
    assert "done" not in "".join(drawn(build(2400, high=30.0), always=True))
    assert "done" not in "".join(drawn(operation("a", "x"), always=True))
    asked = build(2400, reason="an answer: go on?")
    asked.state = "waiting"
    assert "done" not in "".join(drawn(asked))


def test_the_header_tells_when_all_of_it_is_done():
    lines = drawn(build(2400), operation("bbb", "tests", estimate=about(3600)))
    assert lines[0].endswith("about 1 h, all done about +60")


def test_the_header_tells_it_in_fewer_words_where_room_is_short():
    other = operation("bbb", "other", estimate=about(60))
    ends = [drawn(build(2400), other, columns=columns)[0] for columns in (70, 45, 36)]
    assert ends[0].endswith("about 40 min (25–70), all done about +40")
    assert ends[1].endswith("all done about +40")
    assert ends[2].endswith("about 40 min")


def test_in_a_narrow_terminal_the_number_stands_without_its_range():
    narrow = drawn(build(2400), columns=34)[1]
    assert "about 40 min" in narrow
    assert "(25" not in narrow
    assert "done" not in narrow


def test_what_waits_tells_it_in_its_message():
    held = build(2400, reason="the dpkg lock")
    held.state = "waiting"
    assert "about 40 min (25–70), done about +40" in drawn(held)[1]


def test_what_has_no_bar_tells_it_in_its_message():
    made = operation("aaa", "build", estimate=about(2400))
    stage(made, "Compile")
    assert "about 40 min, done about +40" in drawn(made)[1]
