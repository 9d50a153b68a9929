"""The form of a will file, however far its writer came."""

import os

import pytest

from headway.host.files import will
from headway.host.files.will import BODY_LIMIT, SLOT_SIZE, SLOTS_AT, Process, contents

PROCESS = Process(7, 1000, 4026531836)
USER = os.getuid()


@pytest.fixture
def place(tmp_path):
    tmp_path.chmod(0o700)
    return str(tmp_path)


@pytest.fixture
def descriptor(place):
    descriptor = will.create(place, USER, PROCESS)
    yield descriptor
    os.close(descriptor)


def data(place):
    with open(os.path.join(place, "unsent", will.name_of(PROCESS)), "rb") as file:
        return file.read()


def test_the_name_tells_whose_it_is():
    assert will.process_of(will.name_of(PROCESS)) == PROCESS
    for name in (".deaf", "session-1", ".will-", ".will-1-2", ".will-1-2-x"):
        assert will.process_of(name) is None


def test_the_latest_writing_is_its_contents(place, descriptor):
    assert contents(data(place)) == (None, False)
    for number, body in enumerate((b"first", b"the second", b"third"), 1):
        assert will.write(descriptor, number, body)
        assert contents(data(place)) == (body, False)


@pytest.mark.parametrize("cut", [1, 8, 16, 20])
def test_a_writing_that_was_cut_short_leaves_the_one_before(place, descriptor, cut):
    will.write(descriptor, 1, b"first")
    will.write(descriptor, 2, b"the second")
    whole = data(place)
    will.write(descriptor, 3, b"the third, which is longer")
    third = data(place)
    at = SLOTS_AT + SLOT_SIZE
    torn = whole[:at] + third[at : at + cut] + whole[at + cut :]
    assert contents(torn) == (b"the second", False)


def test_what_is_too_much_is_not_written(place, descriptor):
    will.write(descriptor, 1, b"first")
    assert not will.write(descriptor, 2, bytes(BODY_LIMIT + 1))
    assert will.write(descriptor, 3, bytes(BODY_LIMIT))
    assert contents(data(place)) == (bytes(BODY_LIMIT), False)


def test_the_parent_notes_that_it_ended_the_process_and_may_take_that_back(place, descriptor):
    will.write(descriptor, 1, b"first")
    assert will.note_ended(place, USER, PROCESS)
    will.write(descriptor, 2, b"second")
    assert contents(data(place)) == (b"second", True)
    will.note_ended(place, USER, PROCESS, ended=False)
    assert contents(data(place)) == (b"second", False)


def test_a_process_without_a_will_is_left_alone(place, descriptor):
    assert not will.note_ended(place, USER, PROCESS._replace(pid=8))
    will.remove(place, USER, PROCESS._replace(pid=8))
    assert os.listdir(os.path.join(place, "unsent")) == [will.name_of(PROCESS)]


def test_a_note_of_a_process_without_a_will_can_be_made_and_taken_back(place):
    for ended in (True, False):
        assert will.note_ended(place, USER, PROCESS, ended=ended, make=True)
        assert contents(data(place)) == (None, ended)


@pytest.mark.parametrize("bytes_", [b"", b"headway1", b"rubbish" * 100, bytes(3 * SLOT_SIZE)])
def test_what_is_no_will_says_nothing(bytes_):
    assert contents(bytes_) == (None, False)
