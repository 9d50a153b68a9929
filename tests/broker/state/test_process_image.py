"""What tells one program from another in the same process."""

import pytest

from headway_broker.state.process_image import ProcessImage, image_of, replaced

IMAGE = ProcessImage(7, 0x1000, 0x2000, 0x7FFE)


def test_the_same_layout_is_the_same_program():
    assert not replaced(IMAGE, ProcessImage(*IMAGE))


@pytest.mark.parametrize("field", ["code", "code_end", "stack"])
def test_a_layout_that_has_changed_is_another_program(field):
    assert replaced(IMAGE, IMAGE._replace(**{field: 1}))


def test_another_process_of_the_same_pid_is_not_a_program_that_was_replaced():
    assert not replaced(IMAGE, ProcessImage(8, 1, 2, 3))


def test_an_image_comes_back_from_the_history():
    assert image_of(list(IMAGE)) == IMAGE


@pytest.mark.parametrize("value", [None, [], [1, 2, 3], [1, 2, 3, "4"], [1, 2, 3, True], 7, "1234"])
def test_what_is_none_is_not_one(value):
    assert image_of(value) is None
