import io

import pytest
from showcase import (
    INSTANCE,
    NOW,
    about,
    board_of,
    installers,
    operation,
    replica_of,
    row,
    snapshot,
    stage,
)

from headway.formatting import theme
from headway.protocol.messages import Delta
from headway_viewer.display.clock import time_of_day
from headway_viewer.display.plain import Plain, PlainRenderer
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Changes

THEME = theme.make(ascii_only=False, coloured=False)


class Story:
    """A renderer with operations that a test changes."""

    def __init__(self, *operations):
        self.operations = {made.id: made for made in operations}
        self.replica = replica_of(*operations)
        self.board = Board(self.replica)
        self.renderer = PlainRenderer(self.board, THEME, time_of_day)
        self.now = NOW
        self.first = self.tell()

    def later(self, seconds, *changed):
        self.now += seconds
        rows = [row(self.operations[name]) for name in changed]
        self.replica.fold(Delta(INSTANCE, self.replica.sequence + 1, self.now, rows), self.now)
        return self.tell()

    def tell(self, note=None):
        changes = self.replica.take()
        self.board.absorb(changes, self.now)
        return [line[9:] for line in self.renderer.render(changes, note, self.now)]


def test_what_is_there_at_first_is_told():
    npm, apt, pip, nginx, build = installers()
    story = Story(npm, apt, pip, nginx, build)
    assert story.first[0].startswith("npm install")
    assert " failed " in story.first[0]
    assert "failed in" not in story.first[0]
    assert story.first[1].endswith(
        "| npm ERR! 404 Not Found - GET https://registry.example/lft-pad"
    )
    assert "running   Unpack 55 % (21/38)" in story.first[2]
    assert story.first[2].endswith("about 1 min")
    assert "running   Download 31 % (52.1/168 MB)" in story.first[3]
    assert "waiting   for the dpkg lock" in story.first[4]
    assert "running   40 % (480/1,200) 52/s" in story.first[5]


def test_a_change_of_state_is_told_at_once():
    made = operation("a", "x")
    story = Story(made)
    made.state, made.reason = "waiting", "the dpkg lock"
    assert len(story.later(0.1, "a")) == 1
    made.state, made.reason = "running", None
    assert len(story.later(0.1, "a")) == 1
    made.state, made.ended = "completed", NOW + 1
    assert "completed" in story.later(0.1, "a")[0]
    assert story.later(0.1, "a") == []


def test_progress_is_told_by_tenths_or_when_time_has_passed():
    made = operation("a", "x", progress=0.0, started=0.0)
    part = stage(made, "s", total=1000, started=0.0)
    story = Story(made)
    told = 0
    for _ in range(100):
        part.done += 10
        made.progress = part.done / 1000
        told += len(story.later(0.5, "a"))
    assert 9 <= told <= 11
    slow = Story(operation("b", "y", progress=0.01))
    assert [len(slow.later(4.0, "b")) for _ in range(6)] == [0, 0, 1, 0, 0, 1]


def test_progress_that_went_back_is_told_with_its_reason():
    made = operation("a", "x", progress=0.5)
    part = stage(made, "s", done=500, total=1000)
    story = Story(made)
    part.total = 2000
    story.board.replica.setbacks.compare_stage(made, part, 500, 1000, NOW)
    [line] = story.later(5.0, "a")
    assert "total grew from 1,000" in line
    assert story.later(5.0, "a") == []


def test_what_went_back_just_after_a_line_is_told_with_the_next():
    made = operation("a", "x", progress=0.5)
    part = stage(made, "s", done=500, total=1000)
    story = Story(made)
    part.total = 2000
    story.board.replica.setbacks.compare_stage(made, part, 500, 1000, NOW)
    assert story.later(0.1, "a") == []
    [line] = story.later(5.0, "a")
    assert "total grew from 1,000" in line


def test_much_progress_at_once_does_not_flood():
    made = operation("a", "x", progress=0.0)
    part = stage(made, "s", total=100)
    story = Story(made)
    told = 0
    for _ in range(100):
        part.done += 1
        made.progress = part.done / 100
        told += len(story.later(0.01, "a"))
    assert told <= 2


def test_an_operation_that_goes_silent_says_so():
    made = operation("a", "x")
    story = Story(made)
    made.silent_since = NOW - 6
    assert "silent    no contact for 6 s" in story.later(0.1, "a")[0]


def test_a_process_that_is_stopped_says_so_and_when_it_goes_on():
    made = operation("a", "x")
    story = Story(made)
    made.stops = ((NOW, None),)
    (line,) = story.later(6, "a")
    assert line.endswith("stopped   for 6 s")
    assert story.later(50, "a") == []
    made.stops = ((NOW, NOW + 66),)
    assert story.later(0.1, "a")[0].endswith("continued")


def test_hostile_names_and_lines_stay_on_their_line():
    made = operation("a", "x\n\x1b[2J", "failed", ended=-1.0, error="bad\x1b]0;t\x07\nmore")
    made.tail = ["\x9b31m" + "y" * 5000]
    lines = Story(made).first
    assert all(line.isprintable() for line in lines)
    assert all(len(line) < 500 for line in lines)


def test_only_the_latest_of_what_had_ended_is_told_at_first():
    story = Story(*(operation(f"op{n}", f"n{n}", "completed", ended=-900.0 + n) for n in range(50)))
    assert story.first[0] == "30 more ended earlier"
    assert len(story.first) == 21
    assert story.later(1, "op0") == []


def test_a_broker_that_is_gone_for_a_moment_is_not_worth_a_line():
    story = Story()
    assert story.tell("waiting for the broker") == []
    story.now += 1.0
    assert story.tell("waiting for the broker") == []
    story.now += 1.0
    assert story.tell("waiting for the broker") == ["waiting for the broker"]
    assert story.tell("waiting for the broker") == []
    assert story.tell(None) == ["the broker is back"]


def test_a_stream_that_cannot_encode_the_signs_gets_others():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    board = board_of(operation("a", "日本 … x", progress=0.5, estimate=about(120, wide=True)))
    plain = Plain(board, theme.make(ascii_only=True, coloured=False), stream, time_of_day)
    plain.show(Changes(["a"], [], True, None), None, NOW)
    stream.flush()
    assert b"?? ... x" in stream.buffer.getvalue()


@pytest.mark.parametrize("gone", [True, False])
def test_after_a_new_snapshot_nothing_is_told_twice(gone):
    made = operation("a", "x", "completed", ended=-1.0)
    story = Story(made)
    story.replica.fold(snapshot([] if gone else [made], sequence=9), NOW)
    assert story.tell() == []


def test_a_share_that_is_all_that_is_known_is_said_once():
    made = operation("a", "apt-get download")
    stage(made, "Download", done=44, total=100, unit="%")
    assert Story(made).first[0].endswith("running   44 %")


def test_names_that_come_together_stand_in_one_column():
    short, long = operation("a", "make"), operation("b", "apt install postgresql")
    lines = Story(short, long).first
    assert len({line.index("running") for line in lines}) == 1


def test_progress_that_shows_in_nothing_but_the_estimate_waits_for_its_turn():
    made = operation("a", "pip install", progress=0.31, estimate=about(9))
    stage(made, "Install")
    story = Story(made)
    made.progress, made.estimate = 0.48, about(7)
    assert story.later(2.0, "a") == []
    made.progress, made.estimate = 0.52, about(5)
    assert len(story.later(9.0, "a")) == 1


def test_what_had_ended_before_is_told_in_the_order_of_the_ends():
    second = operation("a", "second", "completed", ended=-1.0)
    open_one = operation("b", "third")
    first = operation("c", "first", "completed", ended=-2.0)
    told = [line.split()[0] for line in Story(second, open_one, first).first]
    assert told == ["first", "second", "third"]


def test_a_question_to_a_person_is_told_at_once_and_without_an_estimate():
    made = operation("a", "x", progress=0.5, estimate=about(60))
    first = stage(made, "Configure", done=1, total=3)
    stage(made, "Fetch", done=1, total=3)
    story = Story(made)
    first.state, first.reason = "waiting", "an answer: replace /etc/x?"
    [line] = story.later(2.0, "a")
    assert line.endswith("running   Configure: waiting for an answer: replace /etc/x?")
    assert story.later(2.0, "a") == []


def test_how_long_a_lock_is_still_held_is_told():
    made = operation("a", "x", "waiting", reason="the dpkg lock", holder="b")
    story = Story(made, operation("b", "y", estimate=about(60)))
    assert story.first[0].endswith("waiting   for the dpkg lock, about 1 min")


def test_where_nothing_else_is_told_a_duration_says_of_what():
    left = Story(operation("a", "x", estimate=about(60), started=-30.0))
    assert left.first == ["x             running   about 1 min left"]
    runs = Story(operation("a", "x", started=-30.0))
    assert runs.first == ["x             running   for 30 s"]
    late = Story(operation("a", "x", estimate=about(60), started=-80.0, late_after=41.0))
    assert late.first == ["x             running   about 1 min left, longer than usual (41 s)"]
    alone = Story(operation("a", "x", late_after=41.0, started=-80.0))
    assert alone.first == ["x             running   longer than usual (41 s)"]


def test_which_file_it_is_is_told_with_what_is_done_to_it():
    made = operation("a", "x", estimate=about(60))
    stage(made, "Download", detail="(file 1 of 4)")
    assert Story(made).first == ["x             running   Download (file 1 of 4), about 1 min"]


def test_what_a_child_is_in_is_told_where_its_parent_has_no_stage():
    child = operation("b", "fetch", parent="a")
    stage(child, "Find", done=2, total=4, detail="mypy")
    stage(child, "Unpack", "pending", started=None)
    assert Story(operation("a", "x"), child).first == [
        "x             running   fetch: Find 2/4 mypy"
    ]


def test_of_nested_loops_the_count_of_the_outer_one_is_told():
    made = operation("a", "nest.py")
    stage(made, "outer", done=6, total=12)
    stage(made, "inner", parent=1, done=3, total=10)
    assert Story(made).first == ["nest.py       running   50 % (6/12) 0.2/s"]


def test_a_count_in_per_cent_is_told_once():
    made = operation("a", "git", started=-30.0)
    stage(made, "Receive", done=8.6, total=100, unit="%")
    assert Story(made).first == ["git           running   8 %"]


def test_the_clock_of_the_lines_never_goes_back():
    made = operation("a", "make", started=-60.0)
    replica = replica_of(made)
    board = Board(replica)
    renderer = PlainRenderer(board, THEME, lambda unix: f"{unix:.0f}")
    changes = replica.take()
    board.absorb(changes, NOW)
    (first,) = renderer.render(changes, None, NOW)
    made.state, made.ended = "completed", NOW - 2.0  # told two seconds after it
    replica.fold(Delta(INSTANCE, replica.sequence + 1, NOW, [row(made)]), NOW)
    changes = replica.take()
    board.absorb(changes, NOW)
    (last,) = renderer.render(changes, None, NOW)
    assert last.split()[0] == first.split()[0]


def test_a_sign_of_life_comes_every_minute_in_which_nothing_else_is_told():
    operations = [operation(f"op{number}", f"job {number}", started=-1e3) for number in range(5)]
    operations[1].silent_since = NOW
    operations[2].stops = ((NOW, None),)
    story = Story(*operations)
    told = [story.later(20.0) for _ in range(7)]
    assert [len(lines) for lines in told] == [0, 0, 1, 0, 0, 1, 0]
    names = "job 0 running, job 1 silent, job 2 stopped and 2 more"
    assert told[2][0] == f"not over after 17 min 40 s: {names}"
    for made in operations:
        made.state, made.ended = "completed", NOW + 140
    story.later(0.1, *(made.id for made in operations))
    assert [story.later(50.0) for _ in range(4)] == [[]] * 4


def test_what_stands_in_the_log_already_is_not_printed_again():
    notes = []
    made = operation("a", "make", "failed", ended=-1.0, exit_status=2, tail=["E: no space left"])
    for unseen in (True, False):
        renderer = PlainRenderer(
            board := board_of(made),
            THEME,
            time_of_day,
            annotate=lambda title, body: notes.append(body),
            is_unseen=lambda _operation, unseen=unseen: unseen,
        )
        lines = renderer.render(board.replica.take()._replace(operations=["a"]), None, NOW)
        assert any("E: no space left" in line for line in lines) == unseen
    assert all("E: no space left" in body for body in notes)


def test_an_annotation_has_the_last_lines_and_not_what_came_before():
    notes = []
    tail = [*(f"step {n}" for n in range(9)), "E: no space left"]
    board = board_of(operation("a", "make", "failed", ended=-1.0, exit_status=2, tail=tail))
    renderer = PlainRenderer(
        board, THEME, time_of_day, annotate=lambda _title, body: notes.append(body)
    )
    renderer.render(board.replica.take()._replace(operations=["a"]), None, NOW)
    assert notes[0].splitlines()[1:] == ["step 7", "step 8", "E: no space left"]


def test_a_failure_is_annotated_where_the_log_has_annotations():
    board = board_of(*installers())
    noted = []

    def annotate(title, body):
        noted.append((title, body))
        return "::error::"

    renderer = PlainRenderer(board, THEME, time_of_day, annotate=annotate)
    lines = renderer.render(Changes(list(board.replica.operations), [], False, None), None, NOW)
    assert lines[2] == "::error::"
    npm_line = "npm ERR! 404 Not Found - GET https://registry.example/lft-pad"
    assert noted == [
        (
            "npm install failed",
            "in Fetch after 38 s, exit 1\n" + npm_line,
        )
    ]


def test_ranks_of_a_job_tell_of_the_slowest_in_one_name():
    ranks = [
        operation(f"r{n}", "Batches", rank=("7.1.1", n, 2), started=-1.0, pid=10 + n)
        for n in range(2)
    ]
    for made, done in zip(ranks, (90, 20)):
        stage(made, "Batches", done=done, total=100)
    story = Story(*ranks)
    assert [line for line in story.first if "Batches" in line] == [
        line for line in story.first if "20 % (20/100)" in line
    ]
    assert len(story.first) == 1


def test_a_host_out_of_contact_is_told_once_with_its_name():
    made = operation("a", "x")
    made.host = "db"
    story = Story(made)
    story.board.tells_hosts = True
    story.replica.set_contact(["a"], None, NOW - 6.0)
    (told,) = story.tell()
    assert told.startswith("db: x ")
    assert told.endswith(" silent    host up, no broker for 6 s")
    assert story.tell() == []
