from __future__ import annotations

import pytest

from headway.estimate import Estimate, describe


@pytest.mark.parametrize(
    ("low", "median", "high", "words"),
    [
        (100, 120, 150, "about 2 min"),
        (60, 110, 180, "1–3 min"),
        (12, 14, 17, "about 15 s"),
        (1, 2, 4, "a few seconds"),
        (5000, 9000, 20000, "1.5–6 h"),
        (3, 40, 900, "calculating"),
    ],
)
def test_a_range_is_put_into_words(low, median, high, words):
    assert describe(Estimate(low, median, high, "history", 3)) == words


def test_unknown_is_calculating():
    assert describe(None) == "calculating"
