import time

import pytest

from headway_viewer.display.clock import clock_time, time_of_day


@pytest.fixture
def zone(monkeypatch):
    def be_in(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield be_in
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("name", "shown"), [("UTC", "00:00:00"), ("HWY-05:30", "05:30:00")])
def test_the_time_of_day_is_that_of_the_local_zone(zone, name, shown):
    zone(name)
    assert time_of_day(0.0) == shown


def test_a_finish_is_told_to_the_minute_with_the_day_where_it_is_another(zone):
    zone("UTC")
    noon = 12 * 3600.0  # Thursday, 1 January
    assert clock_time(noon + 9000.0, noon) == "14:30"
    assert clock_time(noon + 86400.0, noon) == "Fri 12:00"
    assert clock_time(noon + 9 * 86400.0, noon) == "10 Jan"
