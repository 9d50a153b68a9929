"""Reports as text, Markdown and JSON, and the blocks of a page."""

from __future__ import annotations

import json

import pytest
from benches.rendering import from_json, insert, markdown, quantity, text, to_json
from benches.report import Check, Curve, Report, Row, Summary

REPORT = Report(
    "hot",
    "A title",
    [
        Row(
            "ours", Summary(0.0012, 0.001, 0.002, 5), "s CPU", "a|b", Summary(0.5, 0.4, 0.6, 5), 1.0
        ),
        Row("memory", Summary(2048, 2048, 2048, 1), "B", at_most=1024),
    ],
    ["A note."],
    [Check("all arrived", True), Check("none twice", False)],
    [Curve("Plot", "ours", "x", "y", [(1, 2.0), (10, 3.0)])],
)


def test_a_report_comes_back_from_json():
    assert from_json(json.loads(json.dumps(to_json(REPORT)))) == REPORT


def test_text_has_ratio_target_checks_and_notes():
    said = text(REPORT, "taken now")
    assert "1.20 ms CPU" in said
    assert "0.50 × a|b (0.40–0.60)" in said
    assert "≤ 1 ×: met" in said
    assert "2 kB" in said
    assert "≤ 1 kB: MISSED" in said
    assert "ok: all arrived" in said
    assert "WRONG: none twice" in said
    assert "A note." in said
    assert said.rstrip().endswith("taken now")


def test_markdown_is_a_table_whose_cells_cannot_break_it():
    lines = markdown(REPORT, "taken now").splitlines()
    assert all(line.replace("\\|", "").count("|") == 6 for line in lines if line[:1] == "|")
    assert "- 1 of 2 checks held:" in lines


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1.5, "s", "1.50 s"),
        (0.0015, "s CPU", "1.50 ms CPU"),
        (0.0000015, "s", "1.50 µs"),
        (3 << 20, "B", "3 MB"),
        (150.4, "% of a core", "150 % of a core"),
        (0.0512, "% of a core", "0.051 % of a core"),
    ],
)
def test_a_quantity_has_a_unit_in_which_it_is_readable(value, unit, expected):
    assert quantity(Summary(value, value, value, 1), unit)[0] == expected


def test_a_page_gets_its_blocks_and_keeps_its_words():
    page = "a <!-- bench hot -->old<!-- end --> b <!-- bench idle -->kept<!-- end --> c"
    renewed = insert(page, {"hot": "NEW"})
    expected = "a <!-- bench hot -->\nNEW\n<!-- end --> b <!-- bench idle -->kept<!-- end --> c"
    assert renewed == expected
    assert insert(renewed, {"hot": "NEW"}) == renewed
