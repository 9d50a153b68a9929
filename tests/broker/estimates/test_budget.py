"""What estimates may cost."""

from __future__ import annotations

import pytest

from headway_broker.estimates.budget import (
    AT_ONCE,
    CORE_PART,
    QUIET_CORE_PART,
    SNAPSHOT,
    Budget,
    price,
)


@pytest.fixture
def spent_out():
    """An budget of which nothing is left at time 0."""
    budget = Budget()
    budget.grow(0.0, watched=True)
    budget.spend(budget.left)
    return budget


@pytest.mark.parametrize(("watched", "part"), [(True, CORE_PART), (False, QUIET_CORE_PART)])
def test_it_grows_by_its_share_of_the_time(spent_out, watched, part):
    spent_out.grow(0.01, watched=watched)
    assert spent_out.left == pytest.approx(0.01 * part)


def test_however_long_it_rested_no_more_is_spent_in_one_go(spent_out):
    spent_out.grow(1000.0, watched=True)
    assert spent_out.left == AT_ONCE


def test_what_was_overspent_is_waited_for(spent_out):
    spent_out.spend(0.001)
    spent_out.grow(0.01, watched=True)
    assert spent_out.left < 0
    spent_out.grow(0.03, watched=True)
    assert spent_out.left > 0


@pytest.mark.parametrize("watched", [True, False])
def test_it_is_ripe_when_it_has_grown_to_the_most(spent_out, watched):
    ripe = spent_out.ripe(watched=watched)
    spent_out.grow(ripe, watched=watched)
    assert spent_out.left == pytest.approx(AT_ONCE)


def test_for_somebody_who_has_just_come_more_is_spent(spent_out):
    spent_out.advance()
    assert spent_out.left == SNAPSHOT


def test_figures_cost_more_with_stages_running_ones_and_earlier_runs():
    least = price(1, 1, 0)
    assert least < price(100, 1, 0) < price(100, 10, 0) < price(100, 10, 10)
