import pytest

from headway_viewer.replica.held_estimates import HOLD, HeldEstimates


def estimate(low, median, high):
    return (low, median, high, "history", 3)


def test_what_was_told_counts_down_and_is_held_while_the_ranges_overlap():
    held = HeldEstimates()
    assert held.told("a", estimate(5, 20, 40), 100.0, 100.0).median == 20
    assert held.told("a", estimate(10, 60, 90), 101.0, 101.0).median == 19
    assert held.told("a", estimate(5, 20, 35), 102.0, 103.0).median == 17
    assert held.told("a", estimate(5, 20, 35), 102.0, 100.0 + HOLD).median == 17


def test_what_has_become_wrong_is_not_held():
    held = HeldEstimates()
    held.told("a", estimate(5, 8, 10), 100.0, 100.0)
    assert held.told("a", estimate(60, 80, 90), 101.0, 101.0).median == 80
    assert held.told("a", estimate(1, 2, 3), 101.5, 101.5).median == 2


@pytest.mark.parametrize("later", [50.0, 100.0 + HOLD])
def test_after_some_seconds_or_where_the_clock_goes_back_it_is_the_latest(later):
    held = HeldEstimates()
    held.told("a", estimate(5, 20, 40), 100.0, 100.0)
    assert held.told("a", estimate(10, 60, 90), later, later).median == 60


def test_where_nothing_is_known_any_more_nothing_is_told():
    held = HeldEstimates()
    held.told("a", estimate(5, 20, 40), 100.0, 100.0)
    assert held.told("a", None, 101.0, 101.0) is None
    assert held.told("a", estimate(10, 60, 90), 102.0, 102.0).median == 60
