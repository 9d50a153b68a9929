"""Which loop an exception has left."""

import sys

import pytest

from headway.reporting import traces


class Drop:
    """Notes where it is dropped."""

    def __init__(self):
        self.at = []

    def __iter__(self):
        return Items(self)


class Items:
    def __init__(self, drop):
        self.drop = drop

    def __next__(self):
        return 1

    def __iter__(self):
        return self

    def __del__(self):
        self.drop.at = traces.places(sys._getframe(1))


def raised(work):
    with pytest.raises(ValueError, match="no disk") as caught:
        work()
    return caught.value


def left_by_it(drop):
    for _ in drop:
        raise ValueError("no disk")


def left_before_it(drop):
    for _ in drop:
        break
    raise ValueError("no disk")


def drawn_by_a_generator(drop):
    for _ in (x for x in drop):
        raise ValueError("no disk")


def translated(drop):
    try:
        left_by_it(drop)
    except ValueError:
        raise ValueError("no disk, in other words") from None


@pytest.mark.parametrize(
    ("work", "passed"),
    [
        (left_by_it, True),
        (left_before_it, False),
        (drawn_by_a_generator, True),
        (translated, True),
    ],
)
def test_an_exception_left_the_loop_that_was_dropped_where_it_passed(work, passed):
    drop = Drop()
    error = raised(lambda: work(drop))
    assert traces.passed(error, drop.at) is passed


@pytest.mark.parametrize("error", [None, "a text", ValueError("without a traceback")])
def test_what_has_no_traceback_tells_nothing(error):
    assert traces.passed(error, traces.places(sys._getframe())) is None


def test_where_an_exit_status_was_given_is_told_by_the_stack():
    error = SystemExit(3)
    error._headway_stack = traces.stack(sys._getframe())
    assert traces.passed(error, traces.places(sys._getframe(1))) is True
