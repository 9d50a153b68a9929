import pytest

from headway.formatting import quantity


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
    assert quantity.amount(done, total, unit) == words


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
    assert quantity.amount(done, total, unit, named=True) == words


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
    assert quantity.rate(speed, unit) == words
