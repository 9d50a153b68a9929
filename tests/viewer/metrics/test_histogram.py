from headway_viewer.metrics.histogram import Histogram


def test_a_value_counts_up_to_its_own_bound_and_beyond_the_last_one():
    found = Histogram((1, 5))
    for value in (0.5, 1, 1.1, 5, 7):
        found.observe(value)
    assert found.cumulative() == [(1, 2), (5, 4), (float("inf"), 5)]
    assert found.sum == 14.6
