"""What `scripts/wild` compares, and how it writes its page."""

import pytest
from wild_programs.bars import bars_of, plain
from wild_programs.rows import Row, line, page

BEFORE = "# Real programs\n<!-- bars -->\nold\n<!-- /bars -->\nThe end.\n"


def test_the_tables_of_a_page_are_replaced_and_the_rest_of_it_stays():
    rows = [
        Row("tqdm", "4.1", "4 of 4 bars", True, True, (1.0, 2.04)),
        Row("mpire", "2.0", "1 of 2 bars", False, True, (1.0,), ("stdout differs",)),
        Row("nuitka", None, "not run: there is no C compiler"),
    ]
    after = page(BEFORE, {"bars": rows}, "2026-01-01").splitlines()
    assert after[0] == "# Real programs"
    assert after[2] == "2026-01-01: 1 of 2 as they should be, 1 not run."
    assert "| tqdm | 4.1 | 4 of 4 bars | yes | yes | 1.0, 2.0 |" in after
    assert "- mpire: stdout differs" in after
    assert after[-2:] == ["<!-- /bars -->", "The end."]
    again = page("\n".join(after) + "\n", {"bars": rows[:1]}, "2026-01-02")
    assert "mpire" not in again


def test_what_was_not_run_has_no_figures():
    row = line(Row("nuitka", None, "not run: a | b"))
    assert row == "| nuitka | – | not run: a \\| b | – | – | – |"


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
