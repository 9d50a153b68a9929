from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.run.reading import evidence
from headway.run.reading.evidence import (
    CLOSE,
    LEAST_SECONDS,
    MOVES,
    NOTHING,
    REFUTED,
    RESTART,
    SHOW,
    WITHDRAW,
    Hypothesis,
)
from headway.run.reading.measures import BAR, CERTAIN, NUMBER, Measure


def at(done, total=9, need=NUMBER):
    return Measure(("count",), "", done, total, None, "", need)


def follow(*dones, need=NUMBER):
    hypothesis = Hypothesis(at(dones[0], need=need))
    return hypothesis, [hypothesis.take(at(done, need=need)) for done in dones]


def test_three_growing_lines_prove_a_number():
    assert follow(1, 2, 3)[1] == [NOTHING, NOTHING, SHOW]


def test_lines_that_come_at_once_are_a_table_and_prove_nothing():
    for need in (BAR, NUMBER):
        hypothesis = Hypothesis(at(1, need=need))
        assert {hypothesis.take(at(done, need=need), 5.0) for done in (1, 2, 3, 4)} == {NOTHING}
        assert hypothesis.take(at(5, need=need), 5.0 + LEAST_SECONDS) == SHOW


def test_a_table_that_comes_again_proves_nothing():
    hypothesis = Hypothesis(at(1))
    for now in range(5):
        assert {hypothesis.take(at(done), now) for done in (1, 2, 3, 4)} == {NOTHING}


def test_a_certain_form_is_believed_whenever_it_comes():
    assert Hypothesis(at(1, need=CERTAIN)).take(at(1, need=CERTAIN), 5.0) == SHOW


def test_a_line_that_is_drawn_again_proves_nothing():
    assert follow(1, 1, 1, 2)[1] == [NOTHING] * 4


def test_a_certain_form_is_believed_at_once_and_may_begin_again():
    assert follow(1, 5, 0, need=CERTAIN)[1] == [SHOW, SHOW, RESTART]


def test_a_fall_withdraws_a_number_and_the_second_refutes_it():
    hypothesis, follows = follow(1, 2, 3, 2, 3, 4, 1)
    assert follows[3:] == [WITHDRAW, NOTHING, SHOW, WITHDRAW]
    assert hypothesis.state == REFUTED


def test_a_table_that_comes_with_the_line_that_fell_proves_nothing():
    hypothesis = Hypothesis(at(1))
    follows = [hypothesis.take(at(done), now) for now, done in enumerate((1, 2, 3, 1))]
    assert follows[-2:] == [SHOW, WITHDRAW]
    assert {hypothesis.take(at(done), 3.1) for done in (2, 3, 4, 5)} == {NOTHING}
    assert [hypothesis.take(at(done), done) for done in (6, 7)] == [SHOW, SHOW]


def test_another_line_ends_what_is_complete():
    hypothesis, follows = follow(7, 8, 9)
    assert follows[-1] == SHOW
    assert hypothesis.interrupt(drawn=False) == CLOSE
    assert hypothesis.interrupt(drawn=False) == NOTHING
    assert hypothesis.take(at(1)) == RESTART


def test_lines_that_do_not_stand_together_prove_nothing():
    hypothesis, _ = follow(1, 3)
    hypothesis.interrupt(drawn=False)
    assert hypothesis.take(at(4)) == NOTHING
    hypothesis.interrupt(drawn=True)
    assert [hypothesis.take(at(done)) for done in (5, 6)] == [NOTHING, SHOW]


def test_what_counts_one_by_one_from_its_beginning_may_print_more_in_between():
    for first in (0, 1):
        hypothesis = Hypothesis(at(first))
        follows = []
        for done in range(first, first + 3):
            follows.append(hypothesis.take(at(done)))
            hypothesis.interrupt(drawn=False)
        assert follows == [NOTHING, NOTHING, SHOW]


@pytest.mark.parametrize(
    ("dones", "believed"),
    [
        ((1, 2, 3), True),
        ((0, 20, 40), True),
        ((7, 14, 21, 29, 36), True),  # a fourteenth each, rounded
        ((5, 11, 18, 25), False),
        ((1.0, 1.3, 1.6), False),
        ((12, 14, 16), False),
        ((10, 20, 25, 35), False),
    ],
)
def test_what_may_be_a_level_is_believed_where_it_goes_up_by_even_steps_from_nothing(
    dones, believed
):
    hypothesis = Hypothesis(at(dones[0], 100)._replace(level=True))
    follows = [hypothesis.take(at(done, 100)._replace(level=True)) for done in dones]
    assert (SHOW in follows) is believed


def test_every_move_leads_to_a_state_and_an_action_of_the_table():
    states = {state for state, _ in MOVES} | {REFUTED}
    assert {state for state, _ in MOVES.values()} <= states
    assert {act for _, act in MOVES.values()} == {SHOW, WITHDRAW, CLOSE, RESTART, NOTHING}


@given(st.lists(st.one_of(st.integers(0, 9), st.booleans())))
def test_what_is_shown_has_always_grown_since_it_was_last_unknown(lines):
    hypothesis, last = Hypothesis(at(0)), None
    for line in lines:
        if isinstance(line, bool):
            hypothesis.interrupt(drawn=line)
            continue
        follows = hypothesis.take(at(line))
        if follows == SHOW:
            assert last is None or line >= last
            last = line
        elif follows in (WITHDRAW, RESTART):
            last = line if follows == RESTART else None
    assert hypothesis.state in {state for state, _ in evidence.MOVES} | {REFUTED}
