"""The looks at the processes of a command: how often, and who is told."""

from __future__ import annotations

import os

from headway.run.kernel.looks import (
    LATEST_SECONDS,
    LONGEST_SECONDS,
    SHARE,
    SOONEST_SECONDS,
    ProcessLooks,
)


def test_looks_take_a_small_share_of_a_core_whatever_they_cost():
    readings = [reading for look in range(99) for reading in (look, look + 0.004)]
    looks = ProcessLooks(os.getpid(), iter(readings).__next__)
    times = [now / 10 for now in range(81) if looks.look(now / 10, output=True)]
    apart = [after - before for before, after in zip(times[1:], times[2:])]
    assert min(apart) >= 0.004 / SHARE


def test_one_that_is_costly_alone_does_not_delay_the_next():
    readings = [0.0, 0.0, 1.0, 1.02, 2.0, 2.0]
    looks = ProcessLooks(os.getpid(), iter(readings).__next__)
    assert looks.look(0, output=True)
    assert looks.look(1, output=True)
    assert looks.look(1 + SOONEST_SECONDS, output=True)


def test_what_others_spend_on_looking_makes_the_next_look_later():
    looks = ProcessLooks(os.getpid(), lambda: 0.0)
    assert looks.look(0, output=True)
    looks.spend(0.004, 0)
    assert not looks.look(0.004 / SHARE - 0.1, output=True)
    assert looks.look(0.004 / SHARE, output=True)


def test_a_look_that_was_costly_is_not_the_last():
    looks = ProcessLooks(os.getpid(), lambda: 0.0)
    looks.spend(1000.0, 0)
    assert looks.look(LONGEST_SECONDS, output=True)


def test_a_silent_command_is_looked_at_now_and_then():
    looks = ProcessLooks(os.getpid(), lambda: 0.0)
    times = [now / 10 for now in range(16) if looks.look(now / 10, output=False)]
    assert times == [LATEST_SECONDS, 2 * LATEST_SECONDS, 3 * LATEST_SECONDS]


def test_all_that_listen_are_told_of_one_look_and_one_that_raises_no_more():
    looks, told = ProcessLooks(os.getpid(), lambda: 0.0), []

    def breaks(found, now):
        told.append("breaks")
        raise ZeroDivisionError

    looks.add(breaks)
    looks.add(lambda found, now: told.append((next(iter(found)), now)))
    looks.look(1, output=True)
    looks.look(2, output=True)
    assert told == ["breaks", (os.getpid(), 1), (os.getpid(), 2)]
    assert looks.members[0] == os.getpid()
