"""A loop around a loop is as big as its rounds times what one of them goes through."""

from __future__ import annotations

from math import log

import pytest

from headway.estimate.history.loops import log_size, rounds
from headway.estimate.history.parameters import Parameters
from headway.estimate.history.run import Run
from headway.estimate.history.span import Span


def loop(epochs, batches, seconds=10.0):
    """The spans of epochs, in each of which batches and a short check were gone through."""
    inner = {"unit": "batch", "times": epochs}
    return [
        Span("fit", 0.0, seconds, seconds, total=epochs, unit="epoch", group=True),
        Span("fit\x1fcheck", 0.0, seconds, seconds / 10, total=5, **inner),
        Span("fit\x1ftrain", 0.0, seconds, seconds * 0.9, total=batches, **inner),
    ]


def by_key(spans):
    return {span.key: span for span in spans}


def test_what_counts_the_rounds_of_others_is_found_with_the_longest_of_them():
    assert rounds(by_key(loop(4, 90))) == {"fit": "fit\x1ftrain"}


def test_a_group_of_stages_that_ran_once_counts_no_rounds():
    spans = loop(4, 90)
    for span in spans:
        span.times = 1
    assert rounds(by_key(spans)) == {}


def test_its_size_is_that_of_all_rounds():
    spans = by_key(loop(4, 90))
    assert log_size(spans["fit"], spans, rounds(spans)) == pytest.approx(log(360))
    assert log_size(spans["fit\x1ftrain"], spans, rounds(spans)) == pytest.approx(log(90))


def test_a_round_of_unknown_size_leaves_the_number_of_rounds():
    spans = by_key(loop(4, 0))
    assert log_size(spans["fit"], spans, rounds(spans)) == pytest.approx(log(4))


def test_more_rounds_of_less_take_as_long_and_time_still_grows_with_size():
    runs = [Run(10.0, loop(4, 90)), Run(10.0, loop(9, 40)), Run(20.0, loop(9, 80, 20.0))]
    assert Parameters(runs).elasticity("fit") > 0.8
