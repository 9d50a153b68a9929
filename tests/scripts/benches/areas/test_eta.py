"""Rows of the bench of estimates."""

from __future__ import annotations

from benches.areas import eta
from benches.areas.eta_scores import operations


def test_every_operation_has_a_row_against_the_best_of_the_other_rules():
    recorded = operations(eta.RECORDINGS, quick=True)
    rows = eta.rows_of(eta.RECORDINGS, {name: eta.score(runs) for name, runs in recorded.items()})
    assert rows[0].name == f"eta/{next(iter(recorded))}: mean error"
    assert rows[0].against
    assert rows[0].at_most == eta.WORSE
    names = [row.name for row in rows]
    assert {
        "eta, causal: error",
        "eta, cold: held",
        "eta, loro: winkler",
        "eta, cold: hindsight",
    } <= set(names)
