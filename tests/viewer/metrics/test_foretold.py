import pytest

from headway_viewer.metrics.foretold import LIMIT, Foretold


def judged(*samples, began=0.0, ended=100.0):
    foretold = Foretold()
    for at, estimate in samples:
        foretold.add(at, estimate)
    return foretold.judge(began, ended)


def test_an_estimate_is_judged_by_the_moment_it_foretold_for_as_long_as_it_held():
    # Until 40 s it said 50–90 s, of which the end is beyond; then 50–70 s, which was true.
    found = judged((0.0, (50.0, 70.0, 90.0)), (40.0, (50.0, 60.0, 70.0)))
    assert (found.inside, found.outside, found.without) == (60.0, 40.0, 0.0)
    assert found.factor == pytest.approx((101 / 71) ** 0.4)


def test_time_without_an_estimate_is_told_apart():
    found = judged((0.0, None), (10.0, (80.0, 90.0, 95.0)), (30.0, None))
    assert (found.inside, found.outside, found.without) == (20.0, 0.0, 80.0)
    assert found.factor == pytest.approx(1.0)


def test_what_was_not_followed_is_not_judged():
    found = judged((90.0, None))
    assert found == (None, 0.0, 0.0, 10.0)
    assert judged() == (None, 0.0, 0.0, 0.0)


def test_of_many_estimates_few_are_kept_from_the_whole_time():
    whole = 10_000
    samples = [(float(at), (whole - at - 1.0, whole - at, whole - at + 1.0)) for at in range(whole)]
    foretold = Foretold()
    for at, estimate in samples:
        foretold.add(at, estimate)
    assert LIMIT / 4 < len(foretold) <= LIMIT
    found = foretold.judge(0.0, float(whole))
    assert found.inside == pytest.approx(whole)
    assert found.factor == pytest.approx(1.0)
