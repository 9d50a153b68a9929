"""Which constants of the estimate are swept, and how."""

from __future__ import annotations

import io

from benches.areas import eta_sweep

from headway.estimate import pace
from headway.estimate.history import parameters, run


def found(name):
    return next(one for one in eta_sweep.constants() if one.name == name)


def test_a_constant_that_others_import_is_swept_once_and_in_all_of_them():
    constant = found("SPEED_PRIOR")
    with eta_sweep.scaled(constant, 2):
        assert (constant.value * 2,) * 2 == (pace.SPEED_PRIOR, parameters.SPEED_PRIOR)
    assert (constant.value,) * 2 == (pace.SPEED_PRIOR, parameters.SPEED_PRIOR)


def test_a_whole_number_is_not_halved_to_none():
    constant = found("FORMAT")
    with eta_sweep.scaled(constant, 0.5):
        assert run.FORMAT == 1


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
