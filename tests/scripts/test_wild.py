"""What `scripts/wild` compares, and how it writes its page."""

import pytest
from wild_programs.bars import bars_of, plain
from wild_programs.rows import Row, line, page

BEFORE = "# Real programs\n<!-- bars -->\nold\n<!-- /bars -->\nThe end.\n"


NAMES = ["tqdm", "mpire", "nuitka"]


def test_the_rows_that_were_tried_are_replaced_and_the_rest_of_a_page_stays():
    rows = [
        Row("mpire", "2.0", "1 of 2 bars", False, True, (1.0,), ("stdout: differs",)),
        Row("tqdm", "4.1", "4 of 4 bars", True, True, (1.0, 2.04)),
    ]
    after = page(BEFORE, "bars", NAMES, rows, "2026-01-01")
    lines = after.splitlines()
    assert lines[0] == "# Real programs"
    assert [each.split("|")[1] for each in lines[4:6]] == [" tqdm ", " mpire "]
    assert lines[4] == "| tqdm | 4.1 | 4 of 4 bars | yes | yes | 1.0, 2.0 | 2026-01-01 |"
    assert "- mpire: stdout: differs" in lines
    assert lines[-2:] == ["<!-- /bars -->", "The end."]
    assert page(after, "bars", NAMES, [], "2026-01-02") == after
    mended = [Row("mpire", "2.1", "2 of 2 bars", True, True, (1.0,))]
    again = page(after, "bars", NAMES, mended, "2026-01-02")
    assert "differs" not in again
    assert lines[4] in again


def test_what_was_not_run_has_no_figures():
    row = line(Row("nuitka", None, "not run: a | b"), "2026-01-01")
    assert row == "| nuitka | – | not run: a \\| b | – | – | – | 2026-01-01 |"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\rb\nc", ["b", "c"]),
        ("\rrows:  50%|██  | 1/2\rrows: 100%|████| 2/2 [00:01<00:00, 4it/s]\nend", ["end"]),
        ("took 1.5 s\n", ["took #", ""]),
    ],
)
def test_bars_and_times_are_not_compared(text, lines):
    assert plain(text) == lines


def test_bars_are_told_with_those_in_them():
    inner = {"name": "b", "state": "failed", "done": 1, "total": 2}
    outer = {"name": "a", "state": "completed", "done": 3, "total": 3, "stages": [inner]}
    assert bars_of({"stages": [outer]}) == [("a", "completed", 3, 3), ("b", "failed", 1, 2)]
