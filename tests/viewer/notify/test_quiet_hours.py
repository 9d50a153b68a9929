import pytest

from headway_viewer.notify.quiet_hours import QuietHours


@pytest.mark.parametrize(
    ("hours", "minute", "left"),
    [
        ("22:00-07:00", 22 * 60, 9 * 60),
        ("22:00-07:00", 6 * 60 + 30, 30),
        ("22:00-07:00", 7 * 60, 0),
        ("22:00-07:00", 12 * 60, 0),
        ("9:15-10:00", 9 * 60 + 20, 40),
        ("9:15-10:00", 9 * 60, 0),
        ("9:00-9:00", 9 * 60, 0),
    ],
)
def test_how_much_quiet_is_left(hours, minute, left):
    assert QuietHours.parse(hours).left(minute) == left


@pytest.mark.parametrize(
    "words", ["", "noon", "22-7", "24:00-07:00", "22:60-07:00", "22:00-07:00x"]
)
def test_what_is_no_time_of_day_is_refused(words):
    with pytest.raises(ValueError, match="is no time such as"):
        QuietHours.parse(words)
