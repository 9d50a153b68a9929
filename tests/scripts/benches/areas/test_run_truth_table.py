from __future__ import annotations

from benches.areas.run_truth_table import is_of_all, table
from benches.report import Row, summarize


def row(name, value):
    return Row(name, summarize([value]), "of the time")


ROWS = [
    row("tar | xz, first run: told", 0.934),
    row("tar | xz, second run: remaining time off by", 1.11),
    row("tar | xz, second run: wrong", 0.3),
    row("all, first run: told", 0.85),
]


def test_each_command_has_a_line_and_what_is_never_wrong_is_0():
    assert table(ROWS).splitlines()[2:] == [
        "| tar \\| xz | 0.93 | 0 |  | 0.30 | 1.11 |  | 0 |  |",
    ]


def test_rows_of_all_commands_are_told_from_those_of_one():
    assert [is_of_all(one) for one in ROWS] == [False, False, False, True]
    assert table(ROWS[3:]) == ""
