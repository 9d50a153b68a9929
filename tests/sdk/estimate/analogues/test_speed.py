from __future__ import annotations

import pytest

from headway.estimate.analogues.speed import CARRY_LIMIT, Speed

SLOWER = 2.5  # a logarithm: twelve times


def after(deviations, agree=0.0, size=0.2):
    speed = Speed(agree, size)
    for deviation in deviations:
        speed.settle(0.3, deviation)
    return speed


def test_a_slow_run_is_taken_to_stay_slow_though_deviations_never_went_on_before():
    assert after([SLOWER]).ahead() == 0
    twice, thrice = after([SLOWER] * 2).ahead(), after([SLOWER] * 3).ahead()
    assert 0.2 < twice < thrice


def test_a_slow_stage_among_others_is_its_own_case():
    assert after([SLOWER, 0, 0]).ahead() < 0.05
    assert after([0, 0, SLOWER]).ahead() < 0.05


def test_small_deviations_leave_what_the_earlier_runs_tell():
    assert after([0.05, -0.05, 0.05]).carry == pytest.approx(0.0, abs=0.02)
    assert after([0.05] * 3, agree=0.16).carry == pytest.approx(0.8, abs=0.02)


def test_never_all_of_a_deviation_goes_on():
    assert after([SLOWER] * 20).carry == CARRY_LIMIT


def test_what_is_not_over_leaves_the_rest_as_it_is():
    speed = after([1.0])
    open_too = speed.copy()
    open_too.add(0.3, 1.0)
    assert open_too.weight > speed.weight == pytest.approx(0.3)
    assert speed.ahead() == after([1.0]).ahead()
