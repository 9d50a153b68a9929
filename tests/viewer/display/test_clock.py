import time

import pytest

from headway_viewer.display.clock import time_of_day


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
