from __future__ import annotations

from benches.areas.eta_tables import tables
from benches.report import Row, summarize


def row(name, value, against=None, ratio=None):
    shares = None if ratio is None else summarize([ratio])
    return Row(name, summarize([value]), "|ln|", against, shares)


ROWS = [
    row("one estimate, 10 stages, 0 earlier runs", 0.1),
    row("eta/zip: mean error", 0.396, "ninja", 0.6),
    row("eta, causal: error", 0.341),
    row("eta, cold: error", 0.5),
    row("eta, causal: hindsight", 0.221),
    row("eta: error of tqdm", 0.891),
    row("commands, causal: error", 9.0),
    row("commands: error of tqdm", 9.0),
]


def test_protocols_operations_and_other_rules_have_their_tables():
    lines = tables(ROWS, "`scripts/bench eta`, today").splitlines()
    assert lines[0].startswith("| protocol | error | range held | width |")
    assert lines[2].startswith("| causal | 0.34 |")
    assert "| zip | 0.40 | ninja | 0.60 |" in lines
    assert any(line.endswith("which only its end tells: causal 0.22.") for line in lines)
    assert "Errors of other programs' rules on the same recordings: tqdm 0.89." in lines
    assert lines[-1] == "- `scripts/bench eta`, today"
    assert "9.00" not in " ".join(lines)


def test_a_report_without_scores_has_none():
    assert tables(ROWS[:1], "") == ""
