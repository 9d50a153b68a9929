import pytest
from screens import Shown
from showcase import NOW, about, installers, operation, stage

from headway import string_width
from headway.formatting import theme
from headway_viewer.picture import keys
from headway_viewer.picture.view import View
from headway_viewer.top.key_bindings import SPACE

SIZES = [(1, 1), (1, 24), (3, 5), (12, 3), (40, 12), (80, 24), (139, 24), (140, 12), (200, 60)]
HOSTILE = "\x1b[2J\x1b]0;t\x07\u202eevil\x9b31m[bold]\n日本語" + "e\u0301\u0301"


def hostile():
    made = operation("evilaaaaaaaa", HOSTILE, progress=0.5, estimate=about(30))
    made.user = made.host = HOSTILE
    stage(made, HOSTILE, done=1, total=3, unit=HOSTILE, detail=HOSTILE)
    stage(made, HOSTILE, "pending", started=None)
    return [made, *installers()]


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_every_page_fits_every_terminal_and_controls_nothing(columns, lines, ascii_only):
    look = theme.make(ascii_only=ascii_only, coloured=True)
    for pressed in ([], ["j", SPACE], ["j", keys.ENTER], ["j", "l"], ["?"], ["j", "c"], ["/", "z"]):
        shown = Shown(hostile(), columns, lines, look=look, output=[HOSTILE, "x" * 500])
        shown.press(*pressed)
        assert len(shown.drawn) == lines
        for line in shown.drawn:
            words = "".join(piece for _, piece in line)
            assert string_width.cells(words) <= columns
            assert words.isprintable()
            assert not ascii_only or words.isascii()


def test_opened_rows_keep_the_columns_of_the_others():
    shown = Shown(installers())
    shown.press("j", SPACE)
    row, inside = (shown.lines[shown.line_with(words)] for words in ("> - ▶ apt", "▶ Unpack"))
    assert row.index("━") == inside.index("━")
    assert "21/38" in inside


def test_a_wide_terminal_shows_facts_and_log_beside_the_list():
    shown = Shown(installers(), 200, 60, output=["first", "last"])
    shown.press("j")
    assert "│ ─ apt install postgresql ─" in shown.lines[1]
    assert "│ state     running for 1 min" in shown.lines[2]
    assert any(line.endswith("│ last") for line in shown.lines)


def test_only_rows_in_view_are_made(monkeypatch):
    made = []
    shown = Shown([operation(f"{place:012}", f"job {place}") for place in range(500)])
    row = View.row
    monkeypatch.setattr(View, "row", lambda *given: made.append(given) or row(*given))
    shown.draw()
    assert len(made) < 24


def test_the_list_tells_what_stands_below_it_and_what_of_that_failed():
    jobs = [operation(f"{place:012}", f"job {place}") for place in range(30)]
    failed = operation("fffaaaaaaaaa", "import", "failed", ended=-1.0)
    shown = Shown([*jobs, failed], 80, 12)
    assert shown.lines[-2] == "  … 22 more below, 1 of them failed"
    shown.press(keys.END)
    assert shown.lines[-2] == "  … 22 more above"
    assert shown.lines[-3].startswith("> ✗ import")
    assert shown.screen.target(4, 10) is None  # the line is no row
    assert shown.screen.target(4, 9) is not None
    shown.press("/", *"state:f")
    assert shown.lines[1].startswith("> ✗ import")
    assert shown.lines[2] == ""


def test_the_log_is_read_from_its_end():
    shown = Shown(installers(), 80, 12, output=[f"line {place}" for place in range(100)])
    shown.press("j", "l")
    assert shown.lines[-2] == "line 99"
    shown.press("k")
    assert shown.lines[-2] == "line 98"


def test_a_connection_that_is_lost_is_said_in_the_header():
    shown = Shown(installers())
    shown.draw(NOW, "waiting for the broker")
    assert shown.lines[0] == "headway  waiting for the broker"


def test_where_there_is_nothing_it_says_so():
    assert Shown([]).lines[0] == "headway  nothing is running"
    shown = Shown(installers())
    shown.press("/", "z", "z")
    assert "no operation has 'zz'" in shown.lines[1]


def test_the_keys_of_the_last_line_are_the_most_important_that_fit():
    assert Shown(installers(), 20, 5).lines[-1] == "? help  q quit"
    last = Shown(installers(), 120, 24).lines[-1]
    assert last.startswith("Enter open  l log  ")
    assert last.endswith("s sort  ? help  q quit")
