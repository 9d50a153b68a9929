import pytest

from headway.formatting.duration import duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.42, "0.4 s"),
        (0.97, "1 s"),
        (38.2, "38 s"),
        (60, "1 min"),
        (124, "2 min 4 s"),
        (3600, "1 h"),
        (4320, "1 h 12 min"),
        (86400, "1 d"),
        (2 * 86400 + 3 * 3600, "2 d 3 h"),
        (-5, "0 s"),
    ],
)
def test_durations_read_as_people_say_them(seconds, words):
    assert duration(seconds) == words
