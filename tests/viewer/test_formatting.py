import pytest

from headway.estimate import Estimate
from headway_viewer import formatting


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
    assert formatting.duration(seconds) == words


def test_100_percent_is_only_said_of_all():
    assert formatting.percent(0.999) == "99 %"
    assert formatting.percent(0.29) == "29 %"
    assert formatting.percent(1.0) == "100 %"


def test_an_estimate_is_counted_down_between_updates():
    made = formatting.counted_down((50.0, 60.0, 70.0, "rate", 0), 20.0)
    assert made == Estimate(30.0, 40.0, 50.0, "rate", 0)
    assert formatting.counted_down((1.0, 2.0, 3.0, "rate", 0), 10.0).high == 0.0
    assert formatting.counted_down(None, 3.0) is None


def test_what_is_overdue_is_called_longer_than_usual():
    assert formatting.estimate_text(None, 40.0, 90.0) == "longer than usual (40 s)"
    assert formatting.estimate_text(None, 40.0, 50.0) == "calculating"
