from __future__ import annotations

from math import log

import pytest

from headway.estimate.pace import clamp, log_pace, log_ratio


def test_a_ratio_is_as_far_from_alike_when_turned_round():
    assert log_ratio(20.0, 10.0, 0.0) == pytest.approx(-log_ratio(10.0, 20.0, 0.0))


def test_seconds_below_the_grain_say_nothing():
    assert abs(log_ratio(0.002, 0.001, 1.0)) < 0.01


def test_early_in_a_stage_the_prior_counts_and_later_its_own_pace():
    early = log_pace(0.2, 0.1, 100.0, 0.0, 0.1)
    late = log_pace(180.0, 90.0, 100.0, 0.0, 0.1)
    assert abs(early) < 0.1
    assert late == pytest.approx(log(2), rel=0.15)


@pytest.mark.parametrize(("value", "clamped"), [(3.0, 1.0), (-3.0, -1.0), (0.4, 0.4)])
def test_clamping_keeps_the_sign(value, clamped):
    assert clamp(value, 1.0) == clamped
