from __future__ import annotations

import math

import pytest

from headway.estimate import Run, accuracy


def run(*misses):
    return Run(10.0, [], [(0.5, error, 0.5, half_width) for error, half_width in misses])


def test_accuracy_is_a_typical_factor_and_how_often_the_range_held():
    found = accuracy([run((math.log(2), 1.0), (-math.log(2), 0.1))])
    assert found.factor == pytest.approx(2)
    assert found.bias == pytest.approx(1)
    assert found.covered == 0.5
    assert found.runs == 1


def test_every_run_weighs_the_same():
    found = accuracy([run(*[(0.0, 1.0)] * 9), run((math.log(4), 1.0))])
    assert found.factor == pytest.approx(2)


def test_without_predicted_runs_nothing_is_said():
    assert accuracy([]) is None
    assert accuracy([Run(1.0, [])]) is None
