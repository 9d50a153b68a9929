from __future__ import annotations

import pytest

from headway.estimate.history.order import Orders, Places, freedom, still_comes
from headway.estimate.history.run import Run
from headway.estimate.history.span import Span

NOTHING_SEEN = Places(0, 0)


def in_turn(names):
    spans = [Span(name, 10.0 * i, 10.0 * i + 10, 10.0) for i, name in enumerate(names)]
    return Run(10.0 * len(names), spans)


def test_an_order_that_never_changes_is_not_free():
    assert Orders([in_turn("abcd"), in_turn("abcd")]).freedom(NOTHING_SEEN) == 0.0


def test_an_order_in_which_every_second_pair_changes_is_free():
    assert freedom(Places(100, 50)) == pytest.approx(1.0, abs=0.05)


def test_a_stage_left_out_changes_no_order():
    assert Orders([in_turn("abcd"), in_turn("acd"), in_turn("abd")]).freedom(NOTHING_SEEN) == 0.0


def test_stages_that_overlap_have_no_order_to_keep():
    one = Run(10.0, [Span("a", 0, 10, 10), Span("b", 1, 10, 9)])
    two = Run(10.0, [Span("b", 0, 10, 10), Span("a", 1, 10, 9)])
    assert Orders([one, two]).freedom(NOTHING_SEEN) == 0.0


def test_what_was_overtaken_in_a_fixed_order_is_hardly_expected_and_in_a_free_one_it_is():
    assert still_comes(2, 0.0, 0, 3) < 0.3
    assert still_comes(2, 1.0, 0, 3) > 0.8
    assert still_comes(0, 0.0, 3, 3) == 1.0


def test_a_stage_that_was_often_passed_over_is_expected_less():
    assert still_comes(1, 0.5, 3, 4) < still_comes(1, 0.5, 0, 4)
