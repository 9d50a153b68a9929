from __future__ import annotations

import pytest

from headway.estimate.smoothing import Smoother


def test_a_small_tremble_hardly_shows():
    smoother = Smoother()
    smoother.take(60.0, 0.0)
    shown = [smoother.take(60.0 - t + (5 if t % 2 else -5), float(t)) for t in range(1, 20)]
    finishes = [value + t for t, value in enumerate(shown, 1)]
    assert max(finishes) - min(finishes) < 4


def test_a_large_change_is_followed_soon():
    smoother = Smoother()
    smoother.take(60.0, 0.0)
    for t in range(1, 31):
        shown = smoother.take(300.0 - t, float(t))
    assert shown == pytest.approx(270, rel=0.15)


def test_asking_twice_at_one_moment_changes_nothing():
    smoother = Smoother()
    smoother.take(60.0, 0.0)
    assert smoother.take(500.0, 0.0) == smoother.take(500.0, 0.0) == 60.0
