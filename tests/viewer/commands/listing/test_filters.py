import pytest
from showcase import NOW, operation

from headway_viewer.commands.listing.filters import Filter, fit, listed


def some():
    return [
        operation("run1", "a", started=-50.0),
        operation("fail", "b", "failed", started=-4000.0, ended=-3700.0),
        operation("wait", "c", "waiting", started=-20.0),
        operation("done", "d", "completed", started=-90.0, ended=-60.0),
        operation("dead", "e", "crashed", started=-90.0, ended=-10.0),
        operation("run2", "f", started=-10.0),
    ]


def ids(operations):
    return [one.id for one in operations]


@pytest.mark.parametrize(
    ("wanted", "passed"),
    [
        (Filter(), "run1 fail wait done dead run2"),
        (Filter(running=True), "run1 wait run2"),
        (Filter(failed=True), "fail dead"),
        (Filter(running=True, failed=True), "run1 fail wait dead run2"),
        (Filter(since=3600.0), "run1 wait done dead run2"),
        (Filter(failed=True, since=3600.0), "dead"),
        (Filter(number=2), "wait run2"),
        (Filter(number=4), "run1 wait dead run2"),
        (Filter(failed=True, number=1), "dead"),
    ],
)
def test_a_filter_passes_what_is_asked_for_in_its_order(wanted, passed):
    assert ids(wanted.apply(some(), NOW)) == passed.split()


def test_what_goes_on_comes_last_and_above_it_what_went_wrong_last():
    assert ids(listed(some())) == ["done", "fail", "dead", "wait", "run1", "run2"]


@pytest.mark.parametrize(
    ("lines", "fits"),
    [
        (6, "done fail dead wait run1 run2"),
        (5, "fail dead wait run1 run2"),
        (4, "dead wait run1 run2"),
        (3, "wait run1 run2"),
        (1, "run2"),
        (0, ""),
    ],
)
def test_what_goes_on_fits_first_then_what_went_wrong_last(lines, fits):
    operations = listed(some())
    assert ids(fit(operations, [1] * 6, lines)) == fits.split()


def test_on_a_small_screen_the_latest_failure_has_half_of_it_at_most():
    operations = listed(some())  # done fail dead wait run1 run2
    assert ids(fit(operations, [1, 2, 2, 1, 1, 1], 4)) == ["dead", "run1", "run2"]
    assert ids(fit(operations, [1, 3, 3, 1, 1, 1], 4)) == ["done", "wait", "run1", "run2"]


def test_of_what_is_over_the_latest_fits_however_it_ended():
    over = [operation(f"c{number}", "x", "cancelled", ended=-200.0 + number) for number in range(9)]
    over.append(operation("done", "x", "completed", ended=-3.0))
    over.append(operation("left", "x", "ended", ended=-500.0))
    assert ids(listed(over))[-2:] == ["c8", "done"]
    assert ids(fit(listed(over), [1] * len(over), 2)) == ["c8", "done"]


def test_the_last_failure_is_seen_however_much_goes_on():
    many = [operation(f"r{n:03}", "job", started=float(-n)) for n in range(300)]
    broken = [operation(f"f{n}", "bad", "failed", ended=float(-n)) for n in range(1, 4)]
    operations = listed([*many, *broken])
    heights = [3 if one.state == "failed" else 1 for one in operations]
    shown = ids(fit(operations, heights, 20))
    assert shown[0] == "f1"
    assert len(shown) == 1 + 15


def test_with_labels_those_pass_that_have_all_of_them():
    one, two, three = some()[:3]
    one.labels, two.labels = {"run": "42", "os": "x"}, {"run": "42"}
    passed = Filter(labels=[("run", "42")]).apply([one, two, three], NOW)
    assert ids(passed) == ids([one, two])
    both = Filter(labels=[("run", "42"), ("os", "x")])
    assert ids(both.apply([one, two, three], NOW)) == ids([one])
