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
