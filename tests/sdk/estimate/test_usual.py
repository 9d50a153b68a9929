"""What earlier runs usually took."""

from headway.estimate.usual import usual_of


def test_the_median_and_four_fifths_of_the_runs():
    assert usual_of([30.0, 10.0, 20.0]) == (20.0, 12.0, 28.0, 3)
    assert usual_of(range(101)) == (50.0, 10.0, 90.0, 101)


def test_one_run_is_all_that_is_known_and_none_is_nothing():
    assert usual_of([7.0]) == (7.0, 7.0, 7.0, 1)
    assert usual_of([]) is None
