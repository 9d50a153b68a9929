"""What is left of a duration that has gone on for a while."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.estimate.residual_life import NINE_IN_TEN, median_residual, residual


def test_at_the_start_the_whole_median_is_left():
    assert median_residual(100.0, 0.0, 0.5) == pytest.approx(100.0, rel=0.01)


def test_near_the_usual_end_some_is_still_left():
    assert 0 < median_residual(100.0, 99.0, 0.5) < 50


def test_what_is_long_overdue_goes_on_for_a_share_of_what_has_passed():
    assert median_residual(1.0, 1e6, 0.5) == pytest.approx(
        1e6 * median_residual(1.0, 1e4, 0.5) / 1e4, rel=0.05
    )


def test_what_is_overdue_may_go_on_for_much_longer_than_its_median_says():
    assert residual(9.0, 22.0, 0.5, 0.5) == median_residual(9.0, 22.0, 0.5) < 6
    assert residual(9.0, 22.0, 0.5, NINE_IN_TEN) > 15


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 10), st.sampled_from([0.5, 0.9]))
def test_it_is_never_negative(median, passed, spread, share):
    assert residual(median, passed, spread, share) >= 0
