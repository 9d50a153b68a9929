"""Which loop an exception has left."""

import itertools
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


def raised_here():
    raise ValueError("no disk")


def with_a_finally(drop):
    for _ in drop:
        try:
            raise ValueError("no disk")
        finally:
            drop.cleaned = True
            drop.twice = True


def raised_again(drop):
    for _ in drop:
        try:
            raised_here()
        except ValueError:
            drop.cleaned = True
            raise


def left_in_the_finally_of_it(drop):
    try:
        raise ValueError("no disk")
    finally:
        for _ in drop:
            break


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
        (with_a_finally, True),
        (raised_again, True),
        (left_in_the_finally_of_it, False),
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


def by_a_call(drop):
    list(itertools.islice(drop, 5))


def by_a_loop_over_another(drop):
    for _ in itertools.islice(drop, 5):
        pass


def by_break(drop):
    for _ in drop:
        break


def by_return(drop):
    for _ in drop:
        return


@pytest.mark.parametrize(
    ("left", "all_taken"),
    [(by_a_call, True), (by_a_loop_over_another, True), (by_break, False), (by_return, False)],
)
def test_the_instruction_tells_whether_an_item_was_in_work(left, all_taken):
    drop = Drop()
    left(drop)
    assert traces.consumed(drop.at) is all_taken
