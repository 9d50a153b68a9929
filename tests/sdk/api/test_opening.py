"""Opening operations, and what is around the line of code that does."""

import pytest

import headway
from headway.testing import reporting


@pytest.fixture
def reporter():
    with reporting() as reporter:
        yield reporter


@pytest.fixture
def op(reporter):
    return headway.operation("Work").start()


def test_an_operation_inside_another_is_its_child(op):
    with op.stage("Step") as step, headway.operation("Child") as child:
        assert child.model.parent == f"{op.id}/{step.id}"
        with headway.operation("Grandchild") as grandchild:
            assert grandchild.model.parent == child.id


def test_an_operation_that_was_only_started_is_around_nothing(op):
    assert headway.operation("Beside").model.parent is None


def test_a_parent_can_be_named(reporter):
    assert headway.operation("Child", parent="abc/1").model.parent == "abc/1"


def test_current_is_the_innermost_open_one(op):
    assert headway.current() is op
    with op.stage("Step") as step:
        assert headway.current() is step
        with headway.operation("Child") as child:
            assert headway.current() is child
        assert headway.current() is step
    assert headway.current() is op
    op.complete()
    assert headway.current() is None


def test_what_no_message_could_carry_is_not_kept(reporter):
    op = headway.operation("Work", display=object(), notify=object(), parent=12).start()
    assert isinstance(op.model.display, str)
    assert (op.model.notify, op.model.parent) == (None, "12")
    op.set(notify=object(), exit_status=10**30)
    assert (op.model.notify, op.model.exit_status) == (None, None)
    op.set(exit_status=3)
    assert op.model.exit_status == 3
