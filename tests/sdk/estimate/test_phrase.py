from __future__ import annotations

import pytest

from headway.estimate import Estimate, Wording, describe, duration


def about(median, spread=1.3):
    low, high = (median + 1) / spread - 1, (median + 1) * spread - 1
    return Estimate(low, median, high, "history", 3)


@pytest.mark.parametrize(
    ("low", "median", "high", "words"),
    [
        (100, 120, 150, "about 2 min"),
        (60, 110, 180, "1–3 min"),
        (12, 14, 17, "about 14 s"),
        (1, 2, 4, "a few seconds"),
        (5000, 9000, 20000, "1.5–6 h"),
        (20, 60, 200, "up to 3 min"),
        (3, 40, 900, "calculating"),
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


def test_unknown_is_calculating():
    assert describe(None) == "calculating"


def test_what_takes_longer_than_usual_says_what_is_usual():
    vague = Estimate(5, 30, 90, "history", 3)
    assert describe(vague, elapsed=60, usual=40) == "longer than usual (usually 40 s)"
    assert describe(vague, elapsed=30, usual=40) != "longer than usual (usually 40 s)"
    assert describe(about(10), elapsed=60, usual=40) == "about 10 s"


def test_a_number_counts_down_and_does_not_tremble_upwards():
    wording = Wording()
    assert wording.take(about(40), 0.0) == "about 40 s"
    assert wording.take(about(35), 1.0) == "about 35 s"
    assert wording.take(about(38), 2.0) == "about 35 s"
    assert wording.take(about(60), 3.0) == "about 1 min"


def test_another_kind_of_words_must_last_before_it_is_shown():
    wording = Wording()
    wide = Estimate(20, 60, 100, "history", 3)
    assert wording.take(about(60), 0.0) == "about 1 min"
    assert wording.take(wide, 1.0) == "about 1 min"
    assert wording.take(about(60), 1.5) == "about 1 min"
    assert wording.take(wide, 2.0) == "about 1 min"
    assert wording.take(wide, 4.0) == describe(wide)
