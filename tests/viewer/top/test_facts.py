import pytest
from screens import THEME
from showcase import NOW, about, board_of, installers, operation, stage

from headway import string_width
from headway.formatting import theme
from headway_viewer.top.facts import EarlierRuns, earlier_runs_of, fact_lines, part_lines, sparkline


def facts(made, *others, width=80, earlier_runs=None, look=THEME):
    board = board_of(made, *others)
    found = board.replica.operations[made.id]
    return [
        look.paint(line)
        for line in fact_lines(found, board, look, width, NOW, earlier_runs or EarlierRuns())
    ]


def test_a_run_is_held_against_its_usual():
    made = operation("aaaaaaaaaaaa", "build", estimate=about(30))
    made.usual = (40.0, 30.0, 50.0, 12)
    made.pid, made.user, made.host = 4711, "ann", "box"
    assert facts(made, earlier_runs=EarlierRuns((30.0, 40.0, 50.0), "Link took longer")) == [
        "state     running for 1 min",
        "estimate  about 30 s, from 27 s to 33 s, by earlier runs",
        "usually   40 s (30 s to 50 s in 12 runs); this one ×1.5",
        "history   ▅▆█",
        "this run  Link took longer",
        "process   pid 4711, ann at box",
    ]


def test_what_was_seen_once_is_not_called_usual():
    made = operation("aaaaaaaaaaaa", "build")
    made.usual = (40.0, 40.0, 40.0, 1)
    told = [line for line in facts(made) if "usual" in line or "before" in line]
    assert told == ["before    40 s; this one ×1.5"]


def test_a_failure_has_its_error_first():
    npm = installers()[0]
    assert facts(npm)[:2] == [
        "state     failed in Fetch after 38 s, exit 1",
        "error     npm ERR! 404 Not Found - GET https://registry.example/lft-pad",
    ]


def test_what_waits_names_the_holder():
    holder = operation("2c9aaaaaaaaa", "apt upgrade", estimate=about(60))
    waits = operation("e01aaaaaaaaa", "apt install", "waiting", reason="the dpkg lock")
    waits.holder = holder.id
    assert any("held by 2c9 apt upgrade" in line for line in facts(waits, holder))


def test_what_is_unknown_is_not_told():
    assert facts(operation("aaaaaaaaaaaa", "x", "pending", started=None)) == ["state     pending"]


@pytest.mark.parametrize("width", [1, 5, 12, 39, 40, 80])
def test_no_line_is_wider_than_the_pane(width):
    made = operation("aaaaaaaaaaaa", "x" * 100, estimate=about(30))
    stage(made, "日本語" * 30, detail="y" * 300)
    stage(made, "two")
    for line in facts(made, width=width):
        assert string_width.cells(line) <= width


def test_the_answer_of_why_is_not_believed():
    told = earlier_runs_of({"earlier": [1, True, "x", -1, 2.5, float("nan"), None], "verdict": 7})
    assert told == EarlierRuns((1.0, 2.5), "")
    assert earlier_runs_of({}) == EarlierRuns()
    assert len(earlier_runs_of({"earlier": [1] * 500}).seconds) == 40


def test_bars_are_as_high_as_their_share_of_the_longest():
    assert sparkline([1, 4, 8], THEME) == "▁▄█"
    assert sparkline([0, 0], THEME) == "▁▁"
    assert sparkline([], THEME) == ""
    assert sparkline([1, 8], theme.make(ascii_only=True, coloured=False)) == "_#"


def test_stages_have_lines_where_there_are_several():
    npm, apt, *_ = installers()
    assert len(part_lines(apt, THEME, 80, NOW)) == 5
    build = operation("aaaaaaaaaaaa", "loop")
    stage(build, "loop")
    assert part_lines(build, THEME, 80, NOW) == []
    assert len(part_lines(npm, THEME, 80, NOW)) == 2
