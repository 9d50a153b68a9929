"""When all that is waited for will be done."""

from showcase import NOW, about, board_of, operation

from headway_viewer.display.countdown import UNKNOWN_AFTER, AllDone
from headway_viewer.display.quiet import StartHint
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.replica.replica import Replica

NOTHING = Replica().take()


class Story:
    """What is said of some operations as time passes; the finish is told in minutes from NOW."""

    def __init__(self, *operations):
        self.said = []
        self.board = board_of(*operations)
        hint = StartHint(lambda: None, self.said.append)
        base = self.board.replica.unix(NOW)
        clock = FinishTime(lambda unix, _now: f"+{round((unix - base) / 60)}", always=True)
        self.display = AllDone(self.board, hint, clock, self.said.append)

    def at(self, seconds):
        self.said.clear()
        self.display.show(NOTHING, None, NOW + seconds)
        return list(self.said)


def test_it_is_said_once_and_not_while_it_only_counts_down():
    story = Story(operation("a", "x", estimate=about(600)), operation("b", "y", estimate=about(60)))
    assert story.at(0) == ["2 operations, about 10 min, all done about +10"]
    assert story.at(60) == story.at(300) == []


def test_it_is_said_again_once_the_end_has_moved_far():
    story = Story(operation("a", "x", estimate=about(600)))
    story.at(0)
    [made] = story.board.replica.operations.values()
    made.estimate = about(640)
    assert story.at(0) == []
    made.estimate = about(1200)
    assert story.at(0) == ["1 operation, about 20 min, all done about +20"]


def test_where_one_is_not_known_that_is_said_with_its_name():
    story = Story(operation("a", "x", estimate=about(600)), operation("b", "make"))
    assert story.at(0) == []
    assert story.at(UNKNOWN_AFTER) == [
        "2 operations; when all are done is not known yet: no estimate of 'make'"
    ]
    assert story.at(UNKNOWN_AFTER + 9) == []


def test_without_operations_nothing_is_said():
    assert Story(operation("a", "x", "completed", ended=-1.0)).at(0) == []


def test_it_reads_no_keys_and_leaves_only_with_the_operations():
    display = Story().display
    assert (display.keyboard, display.left, display.throttled) == (None, False, False)
