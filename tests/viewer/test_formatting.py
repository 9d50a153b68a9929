from headway.estimate import Estimate
from headway_viewer import formatting


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
    assert formatting.estimate_text(None, 40.0, 90.0, once=True) == "longer than before (40 s)"
    assert formatting.estimate_text(None, 40.0, 50.0) == "calculating"
