from __future__ import annotations

import pytest

from headway.estimate.history.curve import POINTS, Curve, moment


def test_what_is_rewound_was_reached_by_then():
    curve = Curve(0)
    for second in range(1, 6):
        curve.add(second, 10 * second)
    curve.rewind(3.5)
    assert list(curve.seconds) == [0, 1, 2, 3, 3.5, 3.5]
    assert list(curve.done) == [0, 10, 20, 30, 40, 50]


def test_a_long_stage_keeps_few_points_and_its_newest():
    curve = Curve(0.0)
    for i in range(1, 100001):
        curve.add(i * 0.1, i)
    assert len(curve.seconds) <= POINTS
    assert curve.seconds[-1] == pytest.approx(10000)
    assert curve.done[-1] == 100000
    fractions, seconds = curve.shape(100000)
    for fraction, second in zip(fractions, seconds):
        assert second == pytest.approx(fraction * 10000, rel=0.01)


def test_work_undone_is_forgotten():
    curve = Curve(0.0)
    for i in range(1, 11):
        curve.add(float(i), i * 10)
    curve.add(11.0, 35)
    assert list(curve.done) == [0, 10, 20, 30, 35]
    assert curve.seconds[-1] == 11.0


def test_the_moment_of_a_fraction_is_interpolated():
    assert moment([0.0, 0.5, 1.0], [0.0, 10.0, 12.0], 0.25) == (5.0, 10.0)
    assert moment([0.0, 0.5, 1.0], [0.0, 10.0, 12.0], 0.5) == (10.0, 12.0)
    assert moment([0.0, 0.5], [0.0, 10.0], 0.9) == (10.0, 10.0)
    assert moment([0.5, 1.0], [10.0, 12.0], 0.25) == (5.0, 10.0)


def test_the_recent_past_is_found_only_if_there_is_more_behind_it():
    curve = Curve(0.0)
    curve.add(1.0, 5)
    assert curve.since(0.5) is None
    curve.add(2.0, 6)
    assert curve.since(0.5) == (1.0, 5)


def test_what_was_done_by_then_is_interpolated():
    curve = Curve(10)
    curve.add(2, 20)
    curve.add(4, 60)
    assert [curve.at(moment) for moment in (0, 1, 2, 3, 9)] == [10, 15, 20, 40, 60]
