from __future__ import annotations

import pytest

from headway.estimate.smoothing import Smoother


def test_a_small_tremble_hardly_shows():
    smoother = Smoother()
    smoother.smooth(60.0, 0.0)
    shown = [smoother.smooth(60.0 - t + (5 if t % 2 else -5), float(t)) for t in range(1, 20)]
    finishes = [value + t for t, value in enumerate(shown, 1)]
    assert max(finishes) - min(finishes) < 4


def test_a_large_change_is_followed_soon():
    smoother = Smoother()
    smoother.smooth(60.0, 0.0)
    for t in range(1, 31):
        shown = smoother.smooth(300.0 - t, float(t))
    assert shown == pytest.approx(270, rel=0.15)


def test_asking_twice_at_one_moment_changes_nothing():
    smoother = Smoother()
    smoother.smooth(60.0, 0.0)
    assert smoother.smooth(500.0, 0.0) == smoother.smooth(500.0, 0.0) == 60.0


def test_a_finish_that_is_later_for_a_known_reason_is_so_at_once():
    smoother = Smoother()
    smoother.shift(5.0)  # there is none yet
    assert smoother.smooth(60.0, 0.0) == pytest.approx(60)
    smoother.shift(40.0)
    assert smoother.smooth(99.0, 1.0) == pytest.approx(99)


def test_what_changes_back_at_once_moves_next_to_nothing():
    smoother = Smoother()
    smoother.smooth(60.0, 0.0)
    told = [
        now / 4 + smoother.smooth(120.0 if 10.0 <= now / 4 < 10.5 else 60 - now / 4, now / 4)
        for now in range(1, 80)
    ]
    assert max(told) < 70


def test_within_the_noise_of_an_estimate_the_finish_stands_still():
    smoother = Smoother()
    smoother.smooth(60.0, 0.0)
    told = [now + smoother.smooth(60 - now + (now % 2), now) for now in range(1, 20)]
    assert max(told) - min(told) < 1e-6


def test_what_lasts_is_followed():
    smoother = Smoother()
    smoother.smooth(60.0, 0.0)
    told = [smoother.smooth(120.0 - now, now) for now in range(1, 21)]
    assert told[-1] == pytest.approx(100, rel=0.1)


def test_the_upper_end_of_a_range_does_not_leap_for_a_moment():
    smoother = Smoother()
    smoother.smooth(20.0, 0.0)
    smoother.ends(10.0, 40.0, 20.0, 0.0)
    assert smoother.ends(10.0, 90.0, 20.0, 0.5)[1] < 50
    for moment in range(1, 20):
        low, high = smoother.ends(10.0, 90.0, 20.0, moment)
    assert (low, high) == pytest.approx((10, 90), rel=0.05)


def test_a_loop_of_hours_is_told_soon_after_its_first_estimates():
    smoother = Smoother()
    smoother.smooth(60.0, 0.0, cold=True)
    for tenth in range(1, 200):
        left = smoother.smooth(7200.0, tenth / 10, cold=True)
    assert left > 5000
