"""The figures of a bar in words."""

import pytest

from headway.adapters.meter import format_interval, format_meter, format_num, format_sizeof


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0.00"),
        (9.994, "9.99"),
        (9.995, "10.0"),
        (99.95, "100"),
        (999.5, "1.00k"),
        (1234, "1.23k"),
        (-45_600, "-45.6k"),
        (7.8e6, "7.80M"),
        (1e24, "1.0Y"),
        (5e28, "50000.0Y"),
    ],
)
def test_a_size_has_three_digits_and_a_prefix(number, text):
    assert format_sizeof(number) == text


def test_a_size_may_have_a_unit_and_another_step():
    assert format_sizeof(2048, "B", 1024) == "2.00kB"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00"),
        (59.9, "00:59"),
        (61, "01:01"),
        (3600, "1:00:00"),
        (90_061, "25:01:01"),
        (-61, "-01:01"),
    ],
)
def test_an_interval_has_hours_from_an_hour_on(seconds, text):
    assert format_interval(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (7, "7"),
        (1234, "1234"),
        (123_456, "123456"),
        (0.123456, "0.123"),
        (1e21, "1e+21"),
        (12_300_000, "1.23e+7"),
        (0.00001, "1e-5"),
    ],
)
def test_a_number_is_as_short_as_it_can_be(number, text):
    assert format_num(number) == text


def test_a_meter_tells_share_counts_time_and_rate():
    assert (
        format_meter(4, 10, 2.0, prefix="Fit", postfix="loss=3")
        == "Fit:  40% 4/10 [00:02<00:03, 2.00it/s, loss=3]"
    )


def test_a_meter_without_a_total_tells_what_is_done():
    assert format_meter(4, None, 2.0) == "4it [00:02, 2.00it/s]"


def test_a_meter_that_has_not_moved_makes_up_no_rate():
    assert format_meter(0, 10, 0.0) == "  0% 0/10 [00:00<?, ?it/s]"
    assert format_meter(5, 10, 0.0, initial=5) == " 50% 5/10 [00:00<?, ?it/s]"


def test_a_meter_scales_its_unit():
    assert (
        format_meter(2048, 4096, 2.0, unit="B", unit_scale=True, unit_divisor=1024)
        == " 50% 2.00k/4.00k [00:02<00:02, 1.00kB/s]"
    )
    assert format_meter(2, 4, 2.0, unit_scale=10) == " 50% 20.0/40.0 [00:02<00:02, 10.0it/s]"


def test_a_slow_meter_tells_seconds_for_each():
    assert format_meter(1, 1000, 400.0) == "  0% 1/1000 [06:40<111:00:00, 400.00s/it]"


@pytest.mark.parametrize(("done", "total"), [(15, 10), (4, float("inf"))])
def test_a_total_that_cannot_be_is_left_out(done, total):
    assert format_meter(done, total, 2.0) == f"{done}it [00:02, {done / 2:.2f}it/s]"


def test_a_prefix_may_have_its_colon():
    assert format_meter(1, 2, 1.0, 80, "Fit: ") == "Fit:  50% 1/2 [00:01<00:01, 1.00it/s]"
