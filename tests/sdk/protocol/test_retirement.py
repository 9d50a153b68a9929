"""Whom a client asks to retire."""

import itertools

import pytest

from headway.protocol import retirement
from headway.protocol.messages import MAJOR, MINOR, Refuse, Welcome
from headway.protocol.retirement import Surroundings

SESSION = Surroundings(None, 0)
SERVICE = Surroundings("cron.service", 0)


def welcome(major=MAJOR, minor=MINOR, **about):
    return Welcome(major, minor, "b", 1.0, 1.0, "ipc:///f", False, about)


@pytest.mark.parametrize(
    ("theirs", "mine", "asked"),
    [
        (SESSION, SESSION, False),
        (SERVICE, SESSION, True),
        (SESSION, SERVICE, False),
        (SERVICE, SERVICE, False),
        (Surroundings(None, 10), SESSION, True),
        (Surroundings(None, 10), Surroundings(None, 10), False),
        (Surroundings(None, 10), Surroundings(None, 19), False),
        (Surroundings(None, 10), SERVICE, False),
        (Surroundings("a.service", 10), SERVICE, True),
        (SERVICE, Surroundings(None, 19), True),
        (Surroundings(None, 0, 1), SERVICE, True),
        (Surroundings(None, 0, 1), Surroundings("a.service", 10, 1), False),
        (SERVICE, Surroundings(None, 0, 1), False),
    ],
)
def test_a_broker_that_is_worse_off_than_ours_would_be_is_asked(theirs, mine, asked):
    words = retirement.request(welcome(**theirs._asdict()), mine)
    assert (words is not None) == asked
    if asked:
        assert words == {"major": MAJOR, "minor": MINOR, **mine._asdict()}


def test_two_clients_never_take_turns_in_replacing_each_others_broker():
    every = [Surroundings(s, n) for s in (None, "a.service", "b.service") for n in (0, 5)]
    every += [one._replace(limits=2) for one in every]
    for one, other in itertools.product(every, every):
        assert not (retirement.is_worse(one, other) and retirement.is_worse(other, one))


@pytest.mark.parametrize("mine", [None, SESSION, SERVICE])
def test_an_older_broker_is_asked_and_a_newer_one_is_not(mine):
    assert retirement.request(welcome(MAJOR - 1), mine) is not None
    assert retirement.request(welcome(MAJOR + 1), mine) is None
    assert retirement.request(welcome(), mine) is None


@pytest.mark.parametrize(
    "about", [{}, {"nice": "5", "service": None}, {"nice": True}, {"nice": 1, "service": 7}]
)
def test_a_broker_that_tells_nothing_of_itself_may_stay(about):
    assert retirement.surroundings_of(about) is None
    assert retirement.request(welcome(**about), SESSION) is None


@pytest.mark.parametrize(
    ("details", "older"),
    [
        ({"majors": [MAJOR - 1]}, MAJOR - 1),
        ({"majors": [MAJOR + 1]}, None),
        ({"majors": [MAJOR - 1, MAJOR + 1]}, None),
        ({"majors": ["0", None]}, None),
        ({"majors": 0}, None),
        ({}, None),
    ],
)
def test_only_a_broker_that_speaks_nothing_newer_is_asked_in_its_version(details, older):
    assert retirement.older_major(Refuse("version", details)) == older
    assert retirement.older_major(Refuse("user", details)) is None


@pytest.mark.parametrize(
    ("majors", "said"),
    [
        ([MAJOR + 1], "a newer headway is needed here"),
        ([MAJOR - 1], "`headway broker stop` ends it"),
        ([], "another version of the protocol"),
    ],
)
def test_who_has_no_version_in_common_is_told_in_one_line(majors, said):
    text = retirement.mismatch(Refuse("version", {"majors": majors}))
    assert said in text
    assert "\n" not in text
