"""Which loop an exception has left."""

import builtins
import contextlib
import itertools
import sys

import pytest

from headway.reporting import loop_exits


class Drop:
    """Notes where it is dropped."""

    def __init__(self):
        self.at = []
        self.drawn = None

    def __iter__(self):
        return Items(self)


class Items:
    def __init__(self, drop):
        self.drop = drop

    def __next__(self):
        frame = sys._getframe(1)
        self.drop.drawn = self.drop.drawn or (frame.f_code, 0, frame.f_lasti)
        return 1

    def __iter__(self):
        return self

    def __del__(self):
        count = loop_exits.references(sys._getframe(1))
        self.drop.at = loop_exits.places(sys._getframe(1), count)


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
    assert loop_exits.passed(error, drop.at) is passed


@pytest.mark.parametrize("error", [None, "a text", ValueError("without a traceback")])
def test_what_has_no_traceback_tells_nothing(error):
    assert loop_exits.passed(error, loop_exits.places(sys._getframe())) is None


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


def in_a_call_of_its_body(drop):
    for _ in drop:
        raised_here()


def in_a_call_while_another_is_handled(drop):
    try:
        raised_here()
    except ValueError:
        for _ in drop:
            raised_here()


def by_a_call_while_an_exception_is_handled(drop):
    try:
        raised_here()
    except ValueError:
        list(itertools.islice(drop, 5))


def by_a_call_after_an_exception(drop):
    try:
        raised_here()
    except ValueError:
        pass
    list(itertools.islice(drop, 5))


def in_a_generator(left):
    def generate(drop):
        left(drop)
        yield 1

    def draw(drop):
        next(generate(drop))

    return draw


def inline_in_a_generator(drop):
    def generate():
        yield list(itertools.islice(drop, 5))

    next(generate())


def by_an_exception_inline_in_a_generator(drop):
    def generate():
        for _ in drop:
            yield raised_here()

    next(generate())


def by_closing_a_generator(drop):
    def generate():
        yield from drop

    made = generate()
    next(made)
    made.close()


def in_a_variable(drop):
    def work():
        items = iter(drop)
        for _ in enumerate(items):
            break

    work()


@pytest.mark.parametrize(
    ("left", "all_taken"),
    [
        (in_a_variable, False),
        (by_a_call, True),
        (by_a_loop_over_another, True),
        (by_break, False),
        (by_return, False),
        (in_a_call_of_its_body, False),
        (in_a_call_while_another_is_handled, False),
        (by_a_call_while_an_exception_is_handled, True),
        (by_a_call_after_an_exception, True),
        (in_a_generator(by_a_call), True),
        (in_a_generator(in_a_call_of_its_body), False),
        (inline_in_a_generator, True),
        (by_an_exception_inline_in_a_generator, False),
        (by_closing_a_generator, False),
    ],
)
def test_the_instruction_and_the_frame_tell_whether_an_item_was_in_work(left, all_taken):
    drop = Drop()
    with contextlib.suppress(ValueError):
        left(drop)
    assert loop_exits.consumed(drop.at, drop.drawn) is all_taken


class Group(Exception):
    def __init__(self, *exceptions):
        self.exceptions = exceptions


def test_what_a_task_group_gathers_has_left_the_loop_that_its_task_has(monkeypatch):
    monkeypatch.setattr(builtins, "BaseExceptionGroup", Group, raising=False)  # since 3.11
    error = raised(lambda: left_by_it(Drop()))
    at = [place[0] for place in loop_exits.entries(Group(error))]
    assert left_by_it.__code__ in at
