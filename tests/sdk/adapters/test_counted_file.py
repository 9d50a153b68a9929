"""A file whose reads are counted."""

import array
import io

import pytest

from headway.adapters.counted_file import CountedFile

DATA = b"one\ntwo\nthree"


@pytest.fixture
def told():
    return []


def counted(told, file=None, owns=True):
    return CountedFile(
        file or io.BytesIO(DATA), told.append, lambda to: told.append(("to", to)), owns=owns
    )


def test_each_read_tells_of_its_bytes(told):
    file = counted(told)
    assert (file.read(2), file.readline(), file.readall()) == (b"on", b"e\n", b"two\nthree")
    assert told == [2, 2, 9]


def test_a_buffer_is_filled_as_far_as_it_goes(told):
    file = counted(told)
    buffer = bytearray(10)
    assert (file.readinto(buffer), bytes(buffer)) == (10, DATA[:10])
    assert (file.readinto(buffer), file.readinto(buffer)) == (3, 0)
    assert told == [10, 3, 0]


def test_a_seek_tells_where_it_has_led(told):
    file = counted(told)
    assert (file.seekable(), file.seek(-5, io.SEEK_END), file.read(), file.tell()) == (
        True,
        8,
        b"three",
        13,
    )
    assert told == [("to", 8), 5]


class Empty(io.BytesIO):
    def read(self, size=-1):
        return None


def test_a_file_that_has_nothing_just_now_has_moved_nowhere(told):
    assert counted(told, Empty()).read(5) == b""
    assert told == [0]


@pytest.mark.parametrize("owns", [True, False])
def test_it_closes_what_it_owns(told, owns):
    below = io.BytesIO(DATA)
    file = counted(told, below, owns)
    file.close()
    file.close()
    assert (file.closed, below.closed) == (True, owns)


def test_numbers_are_filled_by_bytes(told):
    numbers = array.array("i", [0] * 2)
    assert counted(told).readinto(numbers) == 8
    assert numbers.tobytes() == DATA[:8]


def test_it_has_the_files_name_mode_and_descriptor(told, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    with path.open("rb") as below, counted(told, below) as file:
        assert (file.name, file.mode, file.fileno()) == (str(path), "rb", below.fileno())
