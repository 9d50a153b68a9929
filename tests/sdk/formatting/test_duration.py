import pytest

from headway.formatting.duration import duration, seconds_of


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


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("0.5s", 0.5),
        ("5m", 300.0),
        ("5min", 300.0),
        ("1h30m", 5400.0),
        ("1h0m1.5s", 3601.5),
        ("2d", 172800.0),
    ],
)
def test_a_duration_is_read_with_its_units(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "90", "1h30", "-1s", "1.s", ".5s", "1.2.3s", "2x", "1 h", "1e3s", "٣s", "nan"]
)
def test_what_is_no_duration_has_no_seconds(text):
    assert seconds_of(text) is None
