"""Medians, quartiles and ratios of interleaved samples."""

from __future__ import annotations

import pytest
from benches.report import Row, Summary, interleave, net, percentile, ratio, summarize


def test_a_summary_is_the_median_with_its_quartiles():
    assert summarize([5, 1, 3, 2, 4]) == Summary(3, 2, 4, 5)
    assert summarize([7]) == Summary(7, 7, 7, 1)


def test_a_ratio_is_taken_round_by_round():
    # The second round was twice as slow for both: the ratio does not see it.
    found = ratio([1, 2, 1], [2, 4, 2])
    assert found is not None
    assert found == Summary(0.5, 0.5, 0.5, 3)


def test_a_peer_that_cost_nothing_has_no_ratio():
    assert ratio([1, 1], [0, -1]) is None


def test_net_is_what_is_above_the_floor_of_the_same_round():
    assert net([5, 7], [2, 3]) == [3, 4]


def test_every_case_runs_once_a_round_and_another_one_begins():
    order = []
    cases = {name: (lambda name=name: order.append(name)) for name in "abc"}
    samples = interleave(cases, 3)
    assert order == list("abcbcacab")
    assert {name: len(some) for name, some in samples.items()} == {"a": 3, "b": 3, "c": 3}


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_a_sample_that_so_many_do_not_exceed(share, expected):
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_a_target_judges_the_ratio_and_without_one_the_value():
    value = summarize([4])
    assert Row("x", value, "s", "peer", summarize([0.5]), at_most=1.0).met is True
    assert Row("x", value, "s", "peer", summarize([1.5]), at_most=1.0).met is False
    assert Row("x", value, "s", at_most=3).met is False
    assert Row("x", value, "s", at_least=3).met is True
    assert Row("x", value, "s").met is None
    assert Row("x", value, "s", at_least=3, at_most=5).met is True
    assert Row("x", value, "s", at_least=5, at_most=6).met is False
    assert Row("x", value, "s", at_least=2, at_most=3).met is False
