from __future__ import annotations

import pytest

from headway.estimate import Estimate, describe, duration, lasted


@pytest.mark.parametrize(
    ("low", "median", "high", "words"),
    [
        (100, 120, 150, "about 2 min"),
        (60, 110, 180, "1–3 min"),
        (12, 14, 17, "about 14 s"),
        (1, 2, 4, "a few seconds"),
        (5000, 9000, 20000, "about 2.5 h (1.5–6)"),
        (1500, 2400, 3300, "about 40 min"),
        (1500, 2400, 5400, "about 40 min (25–90)"),
        (2000, 4000, 9000, "about 1 h (up to 2.5)"),
        (1300, 2400, 6000, "about 40 min (up to 1.5 h)"),
        (2, 10, 40, "up to 40 s"),
        (60, 200, 500, "up to 8 min"),
        (35, 60, 200, "up to 3 min"),
        (3, 40, 900, "up to 15 min"),
    ],
)
def test_a_range_is_put_into_words(low, median, high, words):
    assert describe(Estimate(low, median, high, "history", 3)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (14.4, "14 s"),
        (57, "55 s"),
        (58, "1 min"),
        (100, "1.5 min"),
        (1000, "17 min"),
        (3500, "1 h"),
        (200000, "2.5 days"),
    ],
)
def test_a_duration_has_one_unit(seconds, words):
    assert duration(seconds) == words


def test_what_took_no_second_is_told_in_tenths():
    assert (lasted(0.34), lasted(0.01), lasted(0.97)) == ("0.3 s", "0 s", "1 s")


def test_unknown_is_calculating():
    assert describe(None) == "calculating"
    assert describe(Estimate(3, 40, 900, "rate", 0)) == "calculating"
