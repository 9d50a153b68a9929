"""Stages side by side: what they share, and when each of them ends."""

from __future__ import annotations

import pytest

from headway.estimate import Forecast
from headway.estimate.history.sharing import Lanes, Track, ends, evidence, shared

SHARES = ([30, 8, 25, 26], [10, 15, 27, 31], [23, 21, 17, 22], [22, 37, 17, 24])


def side_by_side(shares, capacity):
    """Yield (time, rank, count) of ranks that have a pace of `capacity` over how many go on."""
    now = 0.0
    done = [0.0] * len(shares)
    while any(count < share for count, share in zip(done, shares)):
        going = [rank for rank, share in enumerate(shares) if done[rank] < share]
        pace = min(1.0, capacity / len(going))
        now += 0.25
        for rank in going:
            done[rank] = min(shares[rank], done[rank] + 0.25 * pace)
            yield now, rank, done[rank]


def run(shares, capacity, history=(), until=None):
    """Run ranks; return the forecast at a time, or at the end; and the time of the end."""
    forecast = Forecast(history)
    forecast.start(0.0)
    for rank, share in enumerate(shares):
        forecast.observe(rank, f"rank {rank}", None, "running", 0, share, "block", 0.0)
    end = 0.0
    for now, rank, done in side_by_side(shares, capacity):
        if until is None or now <= until:
            state = "running" if done < shares[rank] else "completed"
            forecast.observe(
                rank, f"rank {rank}", None, state, int(done), shares[rank], "block", now
            )
            if rank == 0 and now % 1 == 0:
                forecast.estimate(now)
        end = now
    return forecast, end


def tracks(shares, capacity):
    found = {rank: ([0.0], [0.0]) for rank in range(len(shares))}
    for now, rank, done in side_by_side(shares, capacity):
        found[rank][0].append(now)
        found[rank][1].append(done)
    return [Track(0.0, seconds[-1], seconds, done) for seconds, done in found.values()]


def test_the_last_of_those_that_share_all_takes_as_long_as_their_work():
    assert ends([1.0, 3.0, 2.0], 3, 1.0) == pytest.approx([1.0, 2.0, 1.0 + 2 / 3])


def test_those_that_share_nothing_end_each_at_its_own_pace():
    assert ends([1.0, 3.0, 2.0], 3, 0.0) == [1.0, 3.0, 2.0]


def test_what_does_not_count_goes_on_beside_them():
    assert ends([1.0, 2.0], 3, 1.0) == pytest.approx([1.0, 1 + 2 / 3])


@pytest.mark.parametrize(("capacity", "least", "most"), [(1, 0.8, 1.0), (9, 0.0, 0.2)])
def test_what_is_shared_shows_when_one_ends(capacity, least, most):
    sums = [evidence(tracks(shares, capacity)) for shares in SHARES]
    assert least <= shared(*map(sum, zip(*sums))) <= most


def test_what_takes_the_place_of_another_tells_nothing():
    faster = Track(0.0, 10.0, [0.0, 5.0, 10.0], [0.0, 1.0, 9.0])
    assert evidence([Track(0.0, 5.0, (), ()), Track(5.0, 10.0, (), ()), faster]) == (0.0, 0.0)
    assert evidence([Track(0.0, 5.0, (), ()), faster])[0] > 0


def test_a_stage_has_the_pace_that_those_beside_it_leave():
    lanes = Lanes([(0.0, 10.0), (0.0, 4.0), (6.0, 10.0)], 1.0)
    assert lanes.pace(0.0, 4.0) == pytest.approx(0.5)
    assert lanes.pace(4.0, 6.0) == pytest.approx(1.0)
    assert lanes.pace(0.0, 10.0) == pytest.approx(0.6)


@pytest.mark.parametrize("capacity", [1, 9])
def test_ranks_of_other_shares_end_as_what_they_share_lets_expect(capacity):
    history = []
    for shares in SHARES[:2]:
        forecast, end = run(shares, capacity, history)
        history.append(forecast.finish("completed", end))
    shares = [12, 36, 20, 28]
    _, whole = run(shares, capacity)
    for part in (0.3, 0.5, 0.7):
        forecast, _ = run(shares, capacity, history, until=part * whole)
        told = forecast.estimate(part * whole).median
        assert told == pytest.approx((1 - part) * whole, rel=0.25)


def test_without_history_an_end_tells_what_is_shared():
    shares = [8, 30, 30]
    _, whole = run(shares, 1)
    forecast, _ = run(shares, 1, until=0.6 * whole)
    assert forecast.estimate(0.6 * whole).median == pytest.approx(0.4 * whole, rel=0.25)
