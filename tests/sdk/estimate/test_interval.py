from __future__ import annotations

import pytest

from headway.estimate.history.run import Run
from headway.estimate.interval import WIDEST, Calibration, initial_half_width, interval


def made(error, start=0.5):
    return Run(10.0, [], [(i / 10, error, start, start) for i in range(10)])


def test_ranges_widen_where_estimates_were_further_off_and_narrow_where_they_were_not():
    assert Calibration([made(1.0)] * 5).widened(1.0, 0.5) > 1.5
    assert Calibration([made(0.1)] * 5).widened(1.0, 0.5) < 0.6
    assert Calibration([]).widened(1.0, 0.5) == 1.0


def test_a_range_narrows_with_history_and_widens_with_disagreement():
    wide = [initial_half_width(runs, 0.95, 60.0, 0.2, 0.0, 0.0) for runs in (0, 1, 3, 10)]
    assert wide == sorted(wide, reverse=True)
    assert initial_half_width(5, 0.95, 60.0, 0.5, 0.0, 0.0) > initial_half_width(
        5, 0.95, 60.0, 0.1, 0.0, 0.0
    )
    assert initial_half_width(5, 0.95, 60.0, 0.1, 0.0, 9.0) > initial_half_width(
        5, 0.95, 60.0, 0.1, 0.0, 0.0
    )


def test_the_median_is_the_middle_of_its_range():
    low, high = interval(59.0, 0.5)
    assert (low + 1) * (high + 1) == pytest.approx(60.0**2)
    assert interval(0.0, 1.0)[0] == 0.0


def test_a_range_is_never_a_point_nor_without_bounds():
    assert initial_half_width(5, 0.0, 0.0, 0.0, 0.0, 0.0) > 0
    assert initial_half_width(5, 0.0, 60.0, 40.0, 40.0, 40.0) == WIDEST
    assert Calibration([made(90.0)] * 5).widened(1.0, 0.5) == WIDEST


def test_what_no_earlier_run_has_come_to_is_as_unknown_as_without_history():
    known = initial_half_width(1, 2.0, 60.0, 0.0, 0.0, 0.0)
    half = initial_half_width(1, 2.0, 60.0, 0.0, 0.0, 0.0, unseen=0.5)
    unknown = initial_half_width(1, 2.0, 60.0, 0.0, 0.0, 0.0, unseen=1.0)
    assert known < half < unknown == initial_half_width(0, 2.0, 60.0, 0.0, 0.0, 0.0)
