"""Which pictures of a kernel's operations are due."""

from __future__ import annotations

from showcase import INSTANCE, NOW, operation, replica_of, row, snapshot, stage

from headway.protocol.messages import Delta
from headway_viewer.display.notebook_cells import FRAME, IDLE_FRAME, Cells
from headway_viewer.picture.board import Board

KERNEL = 7


class Story:
    """The cells of a kernel, with operations that a test changes."""

    def __init__(self, *operations):
        self.operations = {made.id: made for made in operations}
        self.replica = replica_of(*operations)
        self.board = Board(self.replica)
        self.cells = Cells(self.board, KERNEL, lambda unix: "14:03:59")
        self.now = NOW
        self.first = self.tell()

    def later(self, seconds, *changed):
        self.now += seconds
        rows = [row(self.operations[name]) for name in changed]
        if rows:
            delta = Delta(INSTANCE, self.replica.sequence + 1, self.now, rows)
            self.replica.fold(delta, self.now)
        return self.tell()

    def tell(self):
        changes = self.replica.take()
        self.board.absorb(changes, self.now)
        return [(one["key"], one["open"]) for one in self.cells.take(changes, self.now)]


def of(pid, name="abc", state="running", started=-9.0, **named):
    made = operation(name, "rows", state, started=started, **named)
    made.pid = pid
    stage(made, "rows", state, done=5, total=10)
    return made


def test_an_operation_of_the_kernel_is_shown_by_its_id():
    assert Story(of(KERNEL)).first == [("abc", True)]


def test_what_has_not_lasted_is_not_shown_yet():
    story = Story(of(KERNEL, started=-0.1))
    assert story.first == []
    assert story.later(0.5) == [("abc", True)]


def test_a_change_is_shown_with_the_next_frame():
    story = Story(of(KERNEL))
    assert story.later(FRAME / 2, "abc") == []
    assert story.later(FRAME, "abc") == [("abc", True)]


def test_without_one_the_time_is_shown_now_and_then():
    story = Story(of(KERNEL))
    assert story.later(FRAME) == []
    assert story.later(IDLE_FRAME) == [("abc", True)]


def test_an_end_is_shown_at_once_and_once():
    story = Story(of(KERNEL))
    made = story.operations["abc"]
    made.state, made.ended = "completed", NOW
    assert story.later(0.01, "abc") == [("abc", False)]
    assert story.later(9.0) == []
    assert not story.cells.going


def test_the_operations_of_child_processes_share_a_picture():
    story = Story(of(8, "c1"), of(9, "c2"), of(KERNEL))
    assert [open_ for _, open_ in story.first] == [True, True]
    assert ("abc", True) in story.first


def test_a_snapshot_in_between_loses_none():
    story = Story(of(KERNEL))
    made = story.operations["abc"]
    made.state, made.ended = "completed", NOW
    story.replica.wanted = True
    story.replica.fold(snapshot([made]), NOW)
    assert story.tell() == [("abc", False)]


def test_what_is_quiet_is_not_shown():
    made = of(KERNEL)
    made.display = "quiet"
    assert Story(made).first == []
