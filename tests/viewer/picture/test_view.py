import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from showcase import NOW, about, board_of, installers, operation, stage

from headway.estimate import Estimate, describe
from headway.formatting import theme
from headway.model import UNTOLD
from headway_viewer.picture.view import View

PLAIN = theme.make(ascii_only=False, coloured=False)


def picture(*operations, columns=80, lines=23, now=NOW, look=PLAIN, **options):
    view = View(board_of(*operations), look, **options)
    return [look.paint(line) for line in view.picture(columns, lines, now)]


@settings(max_examples=50)
@given(
    columns=st.integers(0, 130),
    lines=st.integers(0, 40),
    name=st.text(max_size=40),
    coloured=st.booleans(),
    ascii_only=st.booleans(),
    bare=st.booleans(),
)
def test_nothing_wraps_at_any_size(columns, lines, name, coloured, ascii_only, bare):
    look = theme.make(ascii_only=ascii_only, coloured=coloured)
    hostile = operation("hhh", name, progress=0.3, estimate=about(100))
    stage(hostile, name, done=1e15, total=1e16, unit=name, detail=name)
    other = operation("iii", name, "failed", ended=-3.0, error=name, exit_status=3)
    board = board_of(*installers(), hostile, other)
    view = View(board, look, bare=bare)
    drawn = view.picture(columns, lines, NOW)
    assert len(drawn) <= lines
    for line in drawn + view.summary(columns - 1, lines, NOW):
        assert theme.width(line) < max(columns, 1)
        assert all(text.isprintable() for _, text in line)
        assert not ascii_only or all(text.isascii() for _, text in line)
    assert theme.width(view.receipt(other, max(columns - 1, 0))) < max(columns, 1)


def test_what_is_known_of_each_operation_is_on_its_row():
    lines = picture(*installers())
    assert lines[0].startswith("headway  3 running, 1 waiting, 1 failed")
    assert "54 % 3/5   about 1 min 2c9" in lines[1]
    assert lines[2] == "    Unpack                   ━━━━━━━━───────  21/38 postgresql-15"
    assert lines[3] == "    then Configure, Triggers"
    assert "‖ apt install nginx" in lines[-4]
    assert "waiting for the dpkg lock, about 1 min" in lines[-4]
    assert lines[-3] == "    Lock held by 2c9 apt install postgresql"
    assert lines[-2].startswith("✗ npm install ")
    assert "failed in Fetch after 38 s, exit 1" in lines[-2]
    assert lines[-2].endswith("7f3")
    assert lines[-1] == "    npm ERR! 404 Not Found - GET https://registry.example/lft-pad"


def test_of_a_single_one_that_goes_on_its_row_alone_tells_the_time():
    header, row, *_ = picture(operation("a", "x", progress=0.5, estimate=about(120)))
    assert "about 2 min" in row
    assert header == "headway  1 running"


def test_of_many_failures_the_latest_have_their_reasons():
    failed = [
        operation(f"f{n}", f"job {n}", "failed", ended=-1.0 + n / 100, tail=[f"why {n}"])
        for n in range(9)
    ]
    lines = picture(operation("a", "y"), *failed, lines=13)
    assert [line.split()[:3] for line in lines[2:]] == [
        ["✗", "job", "8"],
        ["why", "8"],
        ["✗", "job", "7"],
        ["why", "7"],
        ["…", "7", "more"],
    ]


def test_beside_many_that_run_a_failure_says_why():
    jobs = [operation(f"r{n:02}", f"job {n}", progress=0.5) for n in range(30)]
    failed = operation("f", "upload", "failed", ended=-1.0, error="no route to host")
    for lines in (5, 9, 23):
        shown = picture(*jobs, failed, lines=lines)
        assert shown[-3].startswith("✗ upload")
        assert shown[-2] == "    no route to host"
        assert shown[-1].startswith(f"… {34 - lines} more")
    row = picture(*jobs, failed, lines=3)[1]  # one row: it goes on
    assert row.startswith("▶ job 0")


def test_where_there_is_no_line_for_it_the_reason_stands_in_the_row():
    failed = [
        operation(f"f{n}", f"job {n}", "failed", ended=-1.0, error=f"no route to host {n}")
        for n in range(4)
    ]
    shown = picture(*failed, lines=5)
    assert [line.split("failed")[1].rpartition(" ")[0].strip() for line in shown[1:]] == [
        f"after 59 s: no route to host {n}" for n in (3, 2, 1, 0)
    ]
    narrow = picture(*failed, columns=40, lines=5)[1]
    assert "failed" in narrow
    assert ":" not in narrow


def test_the_lines_of_failures_leave_two_thirds_to_what_runs():
    failed = [
        operation(f"f{n}", "x", "failed", ended=-1.0, tail=["one", "two", "three", "four"])
        for n in range(2)
    ]
    lines = picture(operation("a", "y"), *failed, lines=13)
    assert len(lines) == 2 + 4
    assert picture(*failed, lines=13)[-1] == "    four"


def test_100_percent_is_never_shown_of_what_runs():
    made = operation("a", "x", progress=1.0)
    stage(made, "s", done=5000, total=1000)
    stage(made, "t", "pending", started=None)
    assert " 99 %" in "".join(picture(made))


def test_without_a_total_there_is_no_bar_and_no_percentage():
    made = operation("a", "x")
    stage(made, "rows", done=480, started=-10)
    (_, line, detail) = picture(made)
    assert detail == "    rows"
    assert "480 48/s" in line
    assert "━" not in line
    assert "%" not in line


def test_without_any_figure_it_says_how_long_it_has_been_running():
    assert "running 1 min" in picture(operation("a", "x"))[1]


def test_silence_is_said_instead_of_a_time_still_to_go():
    lines = picture(operation("a", "x", silent_since=NOW - 12, progress=0.5, estimate=about(60)))
    assert lines[0].startswith("headway  1 running, 1 silent")
    assert "no contact for 12 s" in lines[1]


def test_a_stopped_process_is_said_instead_of_a_time_still_to_go():
    made = operation("a", "x", silent_since=NOW - 12, progress=0.5)
    made.stops = ((NOW - 12, None),)
    lines = picture(made)
    assert lines[0] == "headway  1 running, 1 stopped by a signal"
    assert lines[1].startswith("‖ x stopped for 12 s")


def test_time_in_which_it_was_stopped_is_no_rate():
    made = operation("a", "x", started=-30.0)
    stage(made, "s", done=100, unit="row", started=-30.0)
    assert "100 row 3.3/s" in picture(made)[1]
    made.stops = ((NOW - 25, NOW - 5),)
    assert "100 row 10/s" in picture(made)[1]


def test_more_operations_than_rows_are_counted():
    lines = picture(*(operation(f"op{n:03}", f"job {n}") for n in range(30)), lines=11)
    assert len(lines) == 11
    assert lines[-1] == "… 21 more (21 running)"


def test_the_time_still_to_go_is_counted_down():
    made = operation("a", "x", progress=0.5, estimate=about(60))
    board = board_of(made)
    view = View(board, PLAIN)
    before = PLAIN.paint(view.picture(80, 5, NOW)[1])
    after = PLAIN.paint(view.picture(80, 5, NOW + 30)[1])
    assert describe(Estimate(*made.estimate)) in before
    assert before != after
    assert "about 30 s" in after


def test_the_columns_do_not_twitch_when_a_word_gets_shorter():
    made = operation("a", "x", progress=0.5, estimate=(30.0, 100.0, 200.0, "rate", 0))
    view = View(board_of(made), PLAIN)
    bars = set()
    for seconds in (0, 20, 40, 60):
        line = PLAIN.paint(view.picture(80, 5, NOW + seconds)[1])
        bars.add(sum(line.count(part) for part in "━╸─"))
    assert len(bars) == 1


def test_rows_do_not_jump_while_a_part_ends_and_the_next_begins():
    first, second = operation("a", "one", planned=UNTOLD), operation("b", "two")
    stage(first, "Resolve", done=2)
    stage(first, "Fetch", done=1)
    board = board_of(first, second)
    view = View(board, PLAIN, bare=True)
    before = view.picture(80, 20, NOW)
    assert len(before) == 4
    del board.replica.operations["a"].stages[2]
    for later, height in ((1, 4), (4, 4), (6, 3)):
        view.invalidate(["a"])
        assert len(view.picture(80, 20, NOW + later)) == height
    view.picture(80, 4, NOW + 7)
    assert len(view.picture(80, 4, NOW + 8)) <= 4


def test_a_narrow_picture_has_no_room_for_a_time_that_is_unknown():
    made = operation("a", "apt install nginx", progress=0.02)
    assert "calculating" in picture(made)[1]
    row = picture(made, columns=40)[1]
    assert row.startswith("▶ apt install nginx ─")
    assert "calculating" not in row


def test_what_needs_attention_is_nearest_to_the_prompt():
    ended = [
        operation("f", "bad", "failed", ended=-2.0),
        operation("c", "good", "completed", ended=-1.0),
        operation("x", "stopped", "cancelled", ended=-3.0, reason="by you"),
    ]
    view = View(board_of(*ended), PLAIN)
    lines = [PLAIN.paint(line) for line in view.summary(79, 20, NOW)]
    assert lines[0] == "3 ended in 59 s: 1 completed, 1 cancelled, 1 failed"
    assert [line[0] for line in lines[1:]] == ["✓", "⊗", "✗"]
    assert "cancelled by you after 57 s" in lines[2]


def test_a_long_summary_keeps_what_failed():
    ended = [operation(f"c{n}", "good", "completed", ended=-5.0) for n in range(50)]
    ended.append(operation("f", "bad", "failed", ended=-4.0))
    view = View(board_of(*ended), PLAIN)
    view.board.seen = dict.fromkeys(made.id for made in ended)
    lines = [PLAIN.paint(line) for line in view.summary(79, 10, NOW)]
    assert len(lines) <= 10
    assert lines[-1].startswith("✗ bad")
    assert lines[1].startswith("… 43 more")


def test_on_its_own_terminal_a_program_has_neither_sign_nor_id():
    made = operation("b11", "build.py: Compile", progress=0.4, estimate=about(14))
    stage(made, "Compile", done=480, total=1200, started=-9.2)
    view = View(board_of(made, operation("e", "old", "failed", ended=-1.0)), PLAIN, bare=True)
    (line,) = [PLAIN.paint(line) for line in view.body(79, 8, NOW)]
    assert line.startswith("build.py: Compile ━")
    assert line.endswith("480/1,200 52/s  about 14 s")


def test_a_frame_of_a_thousand_operations_calls_few_functions():
    operations = []
    for number in range(1000):
        made = operation(f"{number:05}abcdefg", f"job {number}", progress=0.3, estimate=about(60))
        stage(made, "load", done=number, total=5000, detail="x.c")
        stage(made, "then", "pending", started=None)
        operations.append(made)
    view = View(board_of(*operations), PLAIN)
    called = []
    for frame in range(3):
        view.invalidate([made.id for made in operations])
        calls = []
        sys.setprofile(lambda _, event, __, calls=calls: calls.append(event))
        drawn = view.picture(120, 50, NOW + frame / 10)
        _ = [PLAIN.paint(line) for line in drawn]
        sys.setprofile(None)
        called.append(sum(event in {"call", "c_call"} for event in calls))
    # How long that takes is measured by scripts/bench (its row "frame").
    assert called[-1] < 15_000, called  # 10,700 here; the first, which makes all rows, 40,300


@pytest.mark.parametrize(
    ("notice", "words"),
    [(None, "nothing is running"), ("waiting for 'nix' to begin", "waiting for 'nix' to begin")],
)
def test_where_there_is_nothing_it_says_what_it_waits_for(notice, words):
    board = board_of()
    board.hint = lambda: notice
    line = PLAIN.paint(View(board, PLAIN).picture(80, 23, NOW)[0])
    assert line == f"headway  {words}"


def test_what_stopped_has_a_sign_of_its_own_and_what_was_left_no_bar():
    made = operation("a", "x", "completed", ended=-1.0, reason="stopped at 90 of 200")
    left = operation("b", "y", reason="left at 20 of 60")
    view = View(board_of(made, left), PLAIN)
    assert view.row(made, NOW).sign == "■"
    row = view.row(left, NOW)
    assert (row.message, row.progress, row.remaining) == ("left at 20 of 60", None, "")


def test_counts_that_stand_still_are_told_with_how_long():
    made = operation("a", "x", stalled_since=NOW - 40)
    stage(made, "Compile", done=3, total=9)
    assert "    no progress for 40 s" in picture(made)


def test_no_long_text_takes_the_bars_of_all_rows_and_what_it_said_stands_below():
    late = operation("a", "x", progress=0.9, estimate=about(3), late_after=28.0)
    other = operation("b", "y" * 30, progress=0.4, estimate=about(30))
    lines = picture(late, other, bare=True)
    first, _, second = [sum(map(line.count, "━╸─")) for line in lines[1:]]
    assert first == second >= 20
    assert lines[2] == "  longer than usual (28 s)"


def test_bars_begin_at_one_column_whatever_stands_beside_them():
    made = operation("a", "pip install jinja2 pytest hypothesis", planned=UNTOLD)
    other = operation("b", "npm install", progress=0.09, estimate=about(9))
    board = board_of(made, other)
    view = View(board, PLAIN, bare=True)
    first = stage(made, "Resolve")
    begins = set()
    for later in range(8):
        first.done, first.total = later * 7, (None, 50)[later > 2]
        other.progress = 0.09 + later / 50
        other.estimate = about(9 + 20 * later)
        view.invalidate(["a", "b"])
        lines = [PLAIN.paint(line) for line in view.body(79, 8, NOW + later)]
        begins.add(next(line for line in lines if line.startswith("npm")).index("━"))
        begins.add(lines[0].index(" ", 25) + 1)
    assert len(begins) == 1


def test_the_receipt_of_a_pool_has_its_workers_and_all_that_they_did():
    tasks = [operation(f"t{k}", "rows", "completed", pid=71 + k % 4) for k in range(8)]
    for made in tasks:
        made.started, made.ended = NOW - 8, NOW
        stage(made, "rows", "completed", done=40, total=40)
    view = View(board_of(*tasks), PLAIN)
    assert PLAIN.paint(view.pool_receipt(tasks, 79)) == "✓ rows, 4 workers  320 in 8 s"
    assert PLAIN.paint(view.pool_receipt(tasks[:1], 79)) == "✓ rows  40 in 8 s"


def test_workers_are_processes_and_not_their_tasks():
    parent = operation("p", "load")
    children = [operation(f"c{k}", "rows", parent="p", pid=71) for k in range(3)]
    assert "    rows, 1 worker" in picture(parent, *children)


def test_a_stage_in_per_cent_shows_100_only_once_it_is_over():
    made = operation("a", "apt")
    stage(made, "Download", done=100, total=100, unit="%")
    assert "100 %" not in "".join(picture(made))
    assert "99 %" in picture(made)[1]


def test_a_host_out_of_contact_is_said_on_the_rows_and_counted_in_the_header():
    board = board_of(*(operation(name, name, progress=0.5) for name in "abc"))
    board.tells_hosts = True
    board.replica.set_contact(["a"], NOW - 60.0, None)
    board.replica.set_contact(["b"], None, NOW - 120.0)
    board.absorb(board.replica.take(), NOW)
    lines = [PLAIN.paint(line) for line in View(board, PLAIN).picture(80, 23, NOW)]
    assert lines[0].startswith("headway  3 running, 2 on hosts out of contact")
    assert "running, host not heard for 1 min" in lines[1]
    assert "running, host up, no broker for 2 min" in lines[2]


def test_groups_take_the_place_of_rows_where_there_are_some():
    board = board_of(*installers())
    board.rollup = lambda width, lines, _now: [[("", f"{width} {lines}")]]
    view = View(board, PLAIN)
    assert [PLAIN.paint(line) for line in view.picture(80, 23, NOW)][1:] == ["79 22"]
    board.rollup = lambda *_: None
    assert len(view.picture(80, 23, NOW)) > 2
