from hypothesis import given
from hypothesis import strategies as st

from headway.formatting import theme
from headway_viewer.picture.columns import Layout, Row

LOOK = theme.make(ascii_only=False, coloured=False)


def barred(label="apt install", figures="54 %", remaining="about 1 min"):
    return Row("▶", "busy", label, None, 0.5, figures, "3/5", remaining, "2c9")


def worded(label="npm install", words="failed in Fetch after 38 s"):
    return Row("✗", "bad", label, words, None, "", "", "", "7f3")


BARRED, WORDS = barred(), worded()


def laid(rows, width, **options):
    layout = Layout(LOOK, bare=options.pop("bare", False))
    plan = layout.plan(rows, width, **options)
    return plan, [LOOK.paint(layout.lay_out(row, plan, width)) for row in rows]


def test_with_room_every_column_is_there():
    plan, (bar, words) = laid([BARRED, WORDS], 79)
    assert all(plan)
    assert bar.startswith("▶ apt install ━")
    assert "54 % 3/5  about 1 min " in bar
    assert bar.endswith("2c9")
    assert words.startswith("✗ npm install failed in Fetch after 38 s")
    assert words.endswith("7f3")


def test_what_matters_least_goes_first():
    gone = []
    for width in range(79, 3, -1):
        plan, _ = laid([BARRED], width)
        gone += [part for part, cells in plan._asdict().items() if not cells and part not in gone]
    assert gone.index("extra") < gone.index("short") < gone.index("figures")
    assert "label" not in gone


def test_columns_stand_below_each_other():
    other = barred(label="x", figures="7 %", remaining="3 s")
    _, (first, second) = laid([BARRED, other], 79)
    assert first.index("%") == second.index("%")
    assert len(first) == len(second)


def test_a_steady_plan_keeps_its_columns_but_not_for_a_long_phrase():
    layout = Layout(LOOK, bare=False)
    wide = layout.plan([BARRED], 79, steady=True)
    narrow = barred(figures="7 %", remaining="3 s")
    assert layout.plan([narrow], 79, steady=True) == wide
    layout.plan([barred(remaining="longer than usual (2 min)")], 79, steady=True)
    assert layout.plan([narrow], 79, steady=True).remaining == 12
    assert layout.plan([narrow], 79).remaining == 3


def test_bare_rows_have_neither_sign_nor_id():
    _, (line,) = laid([BARRED], 60, bare=True)
    assert line.startswith("apt install ━")
    assert line.endswith("about 1 min")


@given(st.integers(0, 100), st.text("ab日 ", max_size=30), st.booleans())
def test_no_row_is_wider_than_it_may_be(width, label, bare):
    rows = [barred(label), worded(label, words=label * 3)]
    layout = Layout(LOOK, bare=bare)
    plan = layout.plan(rows, width)
    for row in rows:
        assert theme.width(layout.lay_out(row, plan, width)) <= width
