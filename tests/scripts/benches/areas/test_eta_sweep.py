"""Which constants of the estimate are swept, and how."""

from __future__ import annotations

import io
import json
import re

from benches.areas import eta_sweep

from headway.estimate import pace, usual
from headway.estimate.history import parameters


def found(name):
    return next(one for one in eta_sweep.constants() if one.name == name)


def test_a_constant_that_others_import_is_swept_once_and_in_all_of_them():
    constant = found("SPEED_PRIOR")
    with eta_sweep.scaled(constant, 2):
        assert (constant.value * 2,) * 2 == (pace.SPEED_PRIOR, parameters.SPEED_PRIOR)
    assert (constant.value,) * 2 == (pace.SPEED_PRIOR, parameters.SPEED_PRIOR)


def test_a_whole_number_is_not_halved_to_none():
    constant = found("USUAL_RUNS")
    with eta_sweep.scaled(constant, 0.5):
        assert usual.USUAL_RUNS == 1


def test_what_changes_nothing_is_held_by_a_test_or_says_what_its_absence_does():
    tests = "".join(path.read_text() for path in (eta_sweep.ROOT / "tests").rglob("test_*.py"))
    kept = json.loads(eta_sweep.KEPT.read_text())
    for one in eta_sweep.idle(eta_sweep.constants(), kept):
        [*named] = re.findall(r"\btest_\w+", one.reason)
        assert named or "Taken away" in one.reason, f"{one.label} changes nothing: remove it"
        assert all(f"def {name}(" in tests for name in named), one.label


def test_a_quick_sweep_writes_a_line_for_each_factor():
    out = io.StringIO()
    eta_sweep.sweep(out, quick=True)
    assert len(out.getvalue().splitlines()) == 3 + len(eta_sweep.FACTORS)


def test_what_a_constant_cannot_change_is_not_made_anew():
    stall, even, points = found("STALL_GROWTH"), found("EVEN_BONUS"), found("POINTS")
    assert eta_sweep.scope_of(even) == (False, True, True)
    assert eta_sweep.scope_of(points) == (True, True, True)
    assert eta_sweep.scope_of(stall._replace(module="headway.estimate.hidden_counts"))[1:] == (
        False,
        False,
    )
