"""Bytes in the target of a link: all of them, and none of any other link."""

import os

import pytest

from headway.host.files import linked_data
from headway.host.files.linked_data import LIMIT, data_of, target_of


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"\1", b"\1\1\2\2\0\0\1\0\2", bytes(range(256)), b"\0\1" * 400]
)
def test_what_a_link_holds_is_read_as_it_was_written(tmp_path, data):
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        linked_data.make(folder, "name", data)
        assert linked_data.read("name", folder).data == data
    finally:
        os.close(folder)
    read = linked_data.read(str(tmp_path / "name"))
    assert (read.data, read.owner) == (data, os.getuid())
    assert b"\0" not in target_of(data)


def test_what_has_no_room_is_refused():
    with pytest.raises(OSError, match="no room"):
        target_of(b"x" * LIMIT)


def test_an_ordinary_link_or_file_holds_nothing(tmp_path):
    assert data_of(b"/etc/passwd") is None
    os.symlink("/etc/passwd", tmp_path / "link")
    (tmp_path / "file").write_bytes(b"headway:")
    for name in ("link", "file", "nothing"):
        assert linked_data.read(str(tmp_path / name)) is None
