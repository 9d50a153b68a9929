import pytest

from headway.estimate import Estimate
from headway_viewer import figures


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
    assert figures.duration(seconds) == words


@pytest.mark.parametrize(
    ("done", "total", "unit", "words"),
    [
        (480, 1200, None, "480/1,200"),
        (480, None, "files", "480"),
        (52_100_000, 168_000_000, "B", "52.1/168 MB"),
        (0, 168_000_000, "B", "0/168 MB"),
        (999, None, "B", "999 B"),
        (1500, 1200, None, "1,500/1,200"),
        (-3, 10, None, "-3/10"),
        (12.5, 20.0, None, "12.5/20"),
        (9e18, None, None, "9 E"),
        (54.2, 100, "%", "54 %"),
    ],
)
def test_amounts_are_shown_as_reported(done, total, unit, words):
    assert figures.amount(done, total, unit) == words


@pytest.mark.parametrize(
    ("done", "total", "unit", "words"),
    [
        (1, None, "packages", "1 package"),
        (2, None, "packages", "2 packages"),
        (1, 3, "files", "1/3 files"),
        (1, 1, "files", "1/1 file"),
        (1, None, "class", "1 class"),
        (1, None, None, "1"),
    ],
)
def test_a_unit_agrees_with_its_number(done, total, unit, words):
    assert figures.amount(done, total, unit, named=True) == words


@pytest.mark.parametrize(
    ("speed", "unit", "words"),
    [
        (52.2, None, "52/s"),
        (3_100_000, "B", "3.10 MB/s"),
        (0.4, None, "0.4/s"),
        (0.02, None, "1.2/min"),
        (0, None, ""),
        (-1, None, ""),
    ],
)
def test_rates_have_a_readable_scale(speed, unit, words):
    assert figures.rate(speed, unit) == words


def test_100_percent_is_only_said_of_all():
    assert figures.percent(0.999) == "99 %"
    assert figures.percent(0.29) == "29 %"
    assert figures.percent(1.0) == "100 %"


def test_an_estimate_is_counted_down_between_updates():
    made = figures.counted_down((50.0, 60.0, 70.0, "rate", 0), 20.0)
    assert made == Estimate(30.0, 40.0, 50.0, "rate", 0)
    assert figures.counted_down((1.0, 2.0, 3.0, "rate", 0), 10.0).high == 0.0
    assert figures.counted_down(None, 3.0) is None


def test_what_is_overdue_is_called_longer_than_usual():
    assert figures.remaining(None, 40.0, 90.0) == "longer than usual (40 s)"
    assert figures.remaining(None, 40.0, 50.0) == "calculating"
