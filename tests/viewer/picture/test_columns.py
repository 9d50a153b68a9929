from hypothesis import given
from hypothesis import strategies as st

from headway import string_width
from headway.formatting import theme
from headway_viewer.picture.columns import Columns, TableRow

THEME = theme.make(ascii_only=False, coloured=False)


def barred(name="apt install", counts="54 %", remaining="about 1 min", done="done 14:32"):
    return TableRow("▶", "busy", name, None, 0.5, counts, "3/5", remaining, "2c9", "", done)


def worded(name="npm install", message="failed in Fetch after 38 s"):
    return TableRow("✗", "bad", name, message, None, "", "", "", "7f3")


BARRED, WORDS = barred(), worded()


def laid(rows, width, **options):
    columns = Columns(THEME, bare=options.pop("bare", False))
    widths = columns.measure(rows, width, **options)
    return widths, [THEME.paint(columns.format_row(row, widths, width)) for row in rows]


def test_names_for_which_there_is_no_room_still_differ():
    rows = [barred(name=f"job {n:03} sync bucket-{'ab'[n % 2]}") for n in range(6)]
    columns = Columns(THEME, bare=False)
    widths = columns.measure(rows, 39)
    told = columns.told_apart(rows, widths, 39)
    shown = [THEME.paint(columns.format_row(row, widths, 39)) for row in told]
    assert [line[2:9] for line in shown] == [f"job {n:03}" for n in range(6)]
    assert columns.told_apart([BARRED], columns.measure([BARRED], 79), 79) == [BARRED]


def test_on_a_narrow_terminal_those_of_one_name_have_their_ids():
    rows = [barred(name="installer-of-postgresql")._replace(short_id=name) for name in ("a1", "b2")]
    assert [line[-3:] for line in laid(rows, 39)[1]] == [" a1", " b2"]
    widths, (line, _) = laid(rows, 23)
    assert widths.short_id == 2
    assert string_width.cells(line) <= 23
    assert laid(rows, 18)[0].short_id == 0  # no room
    assert laid(rows[:1], 39)[0].short_id == 0


def test_with_room_every_column_is_there():
    widths, (bar, message) = laid([BARRED, WORDS], 79)
    assert all(widths)
    assert bar.startswith("▶ apt install ━")
    assert "54 % 3/5  about 1 min  done 14:32 " in bar
    assert bar.endswith("2c9")
    assert message.startswith("✗ npm install failed in Fetch after 38 s")
    assert message.endswith("7f3")


def test_what_matters_least_goes_first():
    gone = []
    for width in range(79, 59, -1):
        widths, _ = laid([barred("apt install postgresql-15 postgresql-common")], width)
        gone += [part for part, cells in widths._asdict().items() if not cells and part not in gone]
    assert gone == ["extra", "done"]


def test_on_a_narrow_terminal_there_is_a_small_bar_between_whole_words():
    widths, (row,) = laid([barred(name="apt install postgresql", done="")], 39)
    assert row == "▶ apt ins…resql ━━━─── 54 % about 1 min"
    assert (widths.bar, widths.short_id) == (6, 0)
    widths, _ = laid([barred(name="apt install nginx" * 9, done="")], 59)
    assert widths.bar
    assert widths.short_id
    assert widths.name >= 24


def test_on_a_narrow_terminal_a_number_goes_after_a_bar_and_a_time_before_both():
    row = barred(name="build.py", counts="480/1,200", remaining="about 14 s")
    row = row._replace(progress=0.4)
    assert laid([row], 39)[1] == ["▶ build.py ━━╸──── 480/1,200 about 14 s"]
    assert laid([row], 30)[1] == ["▶ build.py ━━━╸───── 480/1,200"]
    assert laid([row], 20)[1] == ["▶ build.py 480/1,200"]
    assert laid([row], 14)[1] == ["▶ bui….py 40 %"]


def test_on_a_narrow_terminal_a_stage_is_told_with_its_count():
    part = barred(name="apt install", counts="914/3,119", remaining="8 s so far", done="")
    part = part._replace(extra="Unpack", of_part=True)
    other = barred(name="pip install", counts="52.1/168 MB", remaining="8 s so far", done="")
    other = other._replace(extra="Download", of_part=True)
    _, (first, second) = laid([part, other], 39)
    assert first == "▶ apt install ━━━─── Unpack 914/3,119"
    assert second == "▶ pip install Download 52.1/168 MB"


def test_of_words_that_do_not_fit_none_is_cut():
    row = worded(
        name="pip install", message="running 14 s, a few seconds, longer than before (9 s)"
    )
    for width in range(30, 70):
        [line] = laid([row], width)[1]
        said = line[line.index("running") :].rpartition(" 7f3")[0].rstrip().rstrip("…")
        assert not said.endswith(("14", "(9"))
        assert row.message.startswith(said)
        assert row.message[len(said) :][:1] in ("", " ", ",", ")"), line


def test_of_an_end_the_shortest_words_leave_room_for_a_name():
    shorter = ("failed in Fetch, exit 1", "failed, exit 1")
    row = worded(name="pip install -r requirements.txt")._replace(shorter=shorter)
    _, [line] = laid([row], 39)
    assert "failed, exit 1" in line
    assert line.index("failed") > 18


def test_columns_stand_below_each_other():
    other = barred(name="x", counts="7 %", remaining="3 s")
    _, (first, second) = laid([BARRED, other], 79)
    assert first.index("%") == second.index("%")
    assert len(first) == len(second)


def test_bars_stay_where_they_are_when_a_percentage_gets_a_digit():
    assert laid([barred(counts="9 %")], 79)[0] == laid([barred(counts="10 %")], 79)[0]


def test_a_long_name_goes_before_a_long_bar():
    widths, (row, _) = laid([barred(name="apt install postgresql nginx", done=""), WORDS], 79)
    assert row.startswith("▶ apt install postgresql nginx ━")
    assert 20 <= widths.bar < 30


def test_a_steady_plan_keeps_its_columns_but_not_for_a_long_phrase():
    columns = Columns(THEME, bare=False)
    wide = columns.measure([BARRED], 79, steady=True)
    narrow = barred(counts="7 %", remaining="3 s")
    assert columns.measure([narrow], 79, steady=True) == wide
    columns.measure([barred(remaining="longer than usual (2 min)")], 79, steady=True)
    assert columns.measure([narrow], 79, steady=True).remaining == 12
    assert columns.measure([narrow], 79).remaining == 3


def test_a_bar_of_a_stage_is_there_only_where_its_name_is():
    part = barred(counts="3/13")._replace(extra="Install", of_part=True, done="")
    for width in range(79, 20, -1):
        widths, (row,) = laid([part], width, steady=True)
        assert ("━" in row) <= ("Install" in row), row
        assert widths.bar or width < 60


def test_a_remaining_time_that_is_too_long_is_told_in_fewer_words():
    late = barred(remaining="about 2 min, longer than usual (40 s)", done="")
    late = late._replace(short_remaining="about 2 min")
    widths, (row,) = laid([late], 79, steady=True)
    assert "3/5  about 2 min " in row
    assert "usual" not in row
    assert widths.bar >= 20
    _, (row,) = laid([late], 79)
    assert "longer than usual" in row


def test_bare_rows_have_neither_sign_nor_id():
    _, (line,) = laid([BARRED], 60, bare=True)
    assert line.startswith("apt install ━")
    assert line.endswith("about 1 min  done 14:32")


@given(st.integers(0, 100), st.text("ab日 ", max_size=30), st.booleans())
def test_no_row_is_wider_than_it_may_be(width, name, bare):
    rows = [barred(name), worded(name, message=name * 3)]
    columns = Columns(THEME, bare=bare)
    widths = columns.measure(rows, width)
    for row in rows:
        assert theme.width(columns.format_row(row, widths, width)) <= width


def test_a_message_that_does_not_fit_is_said_in_fewer_words():
    row = worded()._replace(
        name="exit.py: Compile",
        message="failed in Compile after 0.7 s, exit 7",
        shorter=("failed in Compile, exit 7", "failed, exit 7"),
    )
    for width in (39, 45, 50):
        _, [line] = laid([row], width)
        assert "exit 7 " in line, line
