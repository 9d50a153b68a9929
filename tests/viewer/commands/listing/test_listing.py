from showcase import NOW, about, board_of, installers, operation, stage

from headway.formatting import theme
from headway_viewer.commands.listing.listing import list_operations

THEME = theme.make(ascii_only=False, coloured=False)


def listed(*operations, columns=80, lines=None):
    board = board_of(*operations)
    rows = list_operations(
        board, list(board.replica.operations.values()), THEME, columns, NOW, lines
    )
    return [THEME.paint(row) for row in rows]


def test_nothing_is_said_in_words():
    assert listed() == ["nothing is running"]


def test_every_operation_has_a_row_the_open_ones_nearest_to_the_prompt():
    lines = listed(operation("old", "old", "completed", ended=-900.0), *installers())
    assert len(lines) == 8
    assert lines[0].startswith("✓ old")
    assert lines[1].startswith("✗ npm install")
    assert lines[2].strip().startswith("npm ERR! 404")
    assert lines[3].startswith("‖ apt install nginx")
    assert lines[-1].startswith("headway  3 running")


def test_one_that_is_asked_for_tells_what_its_estimate_rests_on():
    made = operation(
        "a", "backup.sh", estimate=(9.0, 12.0, 20.0, "work", 2), work=(3.0, 120_000_000, 0)
    )
    rows = list_operations(board_of(made), [made], THEME, 80, NOW, detailed=True)
    assert [THEME.paint(row).strip() for row in rows[1:3]] == [
        "read 120 MB, 3 s CPU",
        "estimated by the work it has done, held against earlier runs",
    ]


def test_no_row_is_wider_than_the_screen():
    for columns in (1, 40, 80):
        width = max(columns, 21)
        assert all(len(line) < width for line in listed(*installers(), columns=columns))


def test_what_does_not_fit_on_a_screen_is_counted_by_state():
    done = [operation(f"d{n:02}", f"job {n}", "completed", ended=-500.0 - n) for n in range(40)]
    failed = [operation(f"f{n:02}", f"bad {n}", "failed", ended=-300.0 - n) for n in range(40)]
    lines = listed(*done, *failed, *installers(), lines=20)
    assert len(lines) == 20
    assert lines[0] == "… 68 more (36 failed, 32 completed): headway ps --all"
    assert [line[2:8].strip() for line in lines if line.startswith("✗ bad")] == [
        "bad 3",
        "bad 2",
        "bad 1",
        "bad 0",
    ]
    assert lines[-1].startswith("headway  3 running")


def failures(count, **differences):
    made = [
        operation(f"f{n:02}", "deploy", "failed", started=-360.0 - n, ended=-300.0 - n)
        for n in range(count)
    ]
    for number, one in enumerate(made):
        one.exit_status = 1
        one.error = differences.get("error", "no route to {number}").format(number=number)
    return made


def test_failures_that_look_alike_are_one_on_a_screen_and_each_its_own_without():
    made = failures(40, error="no route to host")
    assert listed(*made, lines=23) == [
        "✗ deploy failed after 1 min, exit 1                                         f00",
        "    no route to host",
        "    and 39 more like it, the first 5 min 39 s ago",
        "headway  40 failed",
    ]
    assert sum("✗" in line for line in listed(*made)) == 40


def test_a_screen_tells_of_few_failures_however_many_differ():
    lines = listed(*failures(40), *installers(), lines=30)
    assert sum("✗" in line for line in lines) == 5
    assert lines[0] == "… 36 more (36 failed): headway ps --all"


def test_failures_that_differ_are_told_before_what_has_completed():
    done = [operation(f"d{n:03}", f"job {n}", "completed", ended=-100.0 - n) for n in range(180)]
    lines = listed(*failures(30), *done, lines=200)
    assert sum("✗" in line for line in lines) == 30
    assert lines[0].endswith("completed): headway ps --all") and "failed" not in lines[0]


def test_the_last_line_counts_what_is_listed_and_tells_no_time_twice():
    made = operation("a", "one", progress=0.5, estimate=about(120))
    others = [operation(f"b{n}", "two", estimate=about(300)) for n in range(3)]
    board = board_of(made, *others)

    def last(*listed):
        rows = list_operations(board, list(listed), THEME, 80, NOW)
        return [THEME.paint(row) for row in rows]

    row, header = last(made)
    assert "about 2 min" in row
    assert header == "headway  1 running"
    assert last(*others)[-1].startswith("headway  3 running")
    assert last(*others)[-1].endswith("about 5 min")


def test_a_filter_that_nothing_passes_says_how_to_see_all():
    board = board_of(*installers())
    (line,) = list_operations(board, [], THEME, 80, NOW)
    assert THEME.paint(line) == "no operation matches; `headway ps --all` lists all"


def task(number, begun, ended, pid, name="Item", **fields):
    made = operation(f"t{number:02}", name, "completed", started=begun, ended=ended, pid=pid)
    for field, value in fields.items():
        setattr(made, field, value)
    stage(made, "part", "completed", done=10, total=10)
    return made


def test_the_tasks_of_a_pool_that_have_completed_are_one_row():
    pool = [task(n, -60.0 + n // 2 * 3, -57.1 + n // 2 * 3, pid=7 + n % 2) for n in range(6)]
    lines = listed(*pool, lines=24)
    assert len(lines) == 2
    assert lines[0].startswith("✓ Item, 2 workers 60 in 9 s")
    assert len(listed(*pool)) == 7


def test_what_is_no_pool_keeps_its_rows():
    apart = [task(n, -600.0 + 100 * n, -598.0 + 100 * n, pid=n) for n in range(3)]
    commands = [task(10 + n, -60.0, -50.0, pid=10 + n, coarser=[]) for n in range(3)]
    two = [task(20 + n, -60.0, -50.0, pid=20 + n, name="pair") for n in range(2)]
    failed = [operation(f"f{n}", "Item", "failed", ended=-50.0, pid=30 + n) for n in range(3)]
    lines = listed(*apart, *commands, *two, lines=24)
    assert sum(line.startswith("✓") for line in lines) == 8
    assert "✓" not in "".join(listed(*failed, lines=24))
