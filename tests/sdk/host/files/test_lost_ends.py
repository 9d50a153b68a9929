"""The count of ends that found no place needs no lock, and no room that is not there already."""

import errno
import os
import stat

import pytest

from headway.host.files import lost_ends

ME = os.getuid()


@pytest.fixture
def places(tmp_path):
    made = [str(tmp_path / name) for name in ("run", "state")]
    for place in made:
        os.mkdir(place, 0o700)
    return made


def test_what_is_added_is_known(places):
    assert lost_ends.known(places) == (0, 0.0)
    lost_ends.prepare(places[0], ME)
    assert lost_ends.known(places) == (0, 0.0)
    assert lost_ends.add(places, ME, 3)
    assert lost_ends.add(places, ME, 1)
    number, last = lost_ends.known(places)
    path = os.path.join(places[0], lost_ends.FILE)
    assert (number, last) == (4, os.stat(path).st_mtime)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_the_next_directory_counts_where_the_first_cannot(places):
    os.rmdir(places[0])
    assert lost_ends.add(places, ME, 3)
    assert lost_ends.known(places)[0] == 3


def test_where_nothing_can_be_written_nothing_is_counted(places, tmp_path):
    assert not lost_ends.add([str(tmp_path / "none")], ME, 3)
    assert not lost_ends.add([], ME, 3)


def test_the_file_does_not_grow_without_bound(places):
    for _ in range(3):
        assert lost_ends.add(places, ME, lost_ends.LIMIT)
    assert lost_ends.known(places)[0] == lost_ends.LIMIT - 1


def test_preparing_again_counts_nothing_and_forgets_nothing(places):
    lost_ends.add(places, ME, 2)
    lost_ends.prepare(places[0], ME)
    assert lost_ends.known(places)[0] == 2


def test_where_no_byte_may_be_written_they_are_counted_by_links(places, monkeypatch):
    def refuse(*_arguments):
        raise OSError(errno.EFBIG, "File too large")

    lost_ends.add(places, ME, 2)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", refuse)
        patched.setattr(lost_ends, "LINKS_LIMIT", 2)
        for number in (3, 4, 5):
            assert lost_ends.add(places, ME, number)
    os.symlink("/elsewhere", os.path.join(places[0], f"{lost_ends.FILE}-x"))
    assert lost_ends.known(places)[0] == 2 + 3 + 4
