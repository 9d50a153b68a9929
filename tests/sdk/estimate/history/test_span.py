"""Spans as they are stored."""

from __future__ import annotations

import json

import pytest

from headway.estimate.history.span import Span, finite, read_span, span_values


def test_a_span_comes_back_as_it_was_stored():
    span = Span("a", 1, 9, 8, total=4, unit="file", fractions=[0.5, 1.0], seconds=[2.0, 8.0])
    again = read_span(json.loads(json.dumps(span_values(span))))
    assert span_values(again) == span_values(span)


def test_a_curve_of_two_lengths_is_none():
    broken = {**span_values(Span("a", 0, 1, 1)), "fractions": [1.0]}
    with pytest.raises(ValueError, match="two lengths"):
        read_span(broken)


@pytest.mark.parametrize("value", ["x", float("inf"), float("nan"), 1e300])
def test_a_number_out_of_bounds_is_none(value):
    with pytest.raises(ValueError):  # noqa: PT011 - which of them does not matter
        finite(value)
