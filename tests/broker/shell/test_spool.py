"""Files that workers left, good and bad."""

import os

import pytest

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.wire import encode, pack
from headway_broker.shell import spool as rules
from headway_broker.shell.spool import Spool, frames

UID = os.getuid()


@pytest.fixture
def spool(tmp_path):
    (tmp_path / "unsent").mkdir(mode=0o700)
    return Spool(str(tmp_path), UID)


def said():
    op = Operation("op", "Install")
    op.move("running", 1.0)
    op.move("failed", 2.0)
    return [
        messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.0, {"pid": 1}, 5),
        messages.Announce(6, 2.0, True, op.record(), []),
        messages.Bye(7, 2.0),
    ]


def left(spool, name="session", data=None):
    path = os.path.join(spool.path, name)
    with open(path, "wb") as file:
        file.write(b"".join(pack(encode(m)) for m in said()) if data is None else data)
    return path


def test_a_file_gives_its_messages_once(spool):
    path = left(spool)
    assert list(spool.read()) == [(path, UID, said())]
    assert list(spool.read()) == []
    spool.remove(path)
    assert not os.path.exists(path)


def test_a_look_is_worth_it_only_after_a_change(spool):
    assert spool.changed()
    assert not spool.changed()
    left(spool)
    assert spool.changed()


def test_without_the_directory_there_is_nothing(tmp_path):
    spool = Spool(str(tmp_path), UID)
    assert not spool.changed()
    assert list(spool.read()) == []


def test_a_link_in_place_of_the_directory_is_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "unsent")
    assert not Spool(str(tmp_path), UID).changed()


def test_files_that_are_being_written_are_left(spool):
    left(spool, ".session.tmp")
    left(spool, "session.tmp")
    assert list(spool.read()) == []
    assert len(os.listdir(spool.path)) == 2


def test_links_and_other_things_are_not_read(spool, tmp_path):
    (tmp_path / "target").write_bytes(b"x")
    os.symlink(tmp_path / "target", os.path.join(spool.path, "link"))
    os.mkdir(os.path.join(spool.path, "folder"))
    os.mkfifo(os.path.join(spool.path, "pipe"))
    assert list(spool.read()) == []
    assert (tmp_path / "target").exists()


def test_a_file_that_is_too_large_is_removed_unread(spool, monkeypatch):
    monkeypatch.setattr(rules, "FILE_LIMIT", 10)
    path = left(spool)
    assert list(spool.read()) == []
    assert not os.path.exists(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_file_of_another_user_is_not_read(spool):
    os.chown(left(spool), 65534, -1)
    assert list(spool.read()) == []


def test_a_file_that_was_cut_short_gives_what_it_has():
    data = b"".join(pack(encode(message)) for message in said())
    assert frames(data[:-3]) == said()[:2]


@pytest.mark.parametrize(
    "data", [b"", b"\xc1" * 100, pack("text"), pack(b"not a message"), b"\xc6\xff\xff\xff\xff"]
)
def test_what_is_no_message_is_left_out(data):
    assert frames(data) == []


def test_only_so_many_files_are_read_in_one_look(spool, monkeypatch):
    monkeypatch.setattr(rules, "FILES_LIMIT", 2)
    for number in range(5):
        left(spool, f"s{number}")
    found = []
    while spool.changed():
        some = [path for path, _, _ in spool.read()]
        assert len(some) <= 2
        found += some
    assert [os.path.basename(path) for path in found] == ["s0", "s1", "s2", "s3", "s4"]


def test_a_file_that_was_set_aside_is_kept_and_never_read_again(spool):
    path = left(spool)
    assert [found for found, _, _ in spool.read()] == [path]
    spool.set_aside(path)
    assert os.listdir(spool.path) == [".broken-session"]
    assert list(Spool(os.path.dirname(spool.path), UID).read()) == []


def test_of_files_that_were_set_aside_the_newest_are_kept(spool, monkeypatch):
    monkeypatch.setattr(rules, "BROKEN_LIMIT", 3)
    for number in range(5):
        path = left(spool, f"s{number}")
        os.utime(path, (1e9 - number, 1e9 - number))  # when it was written does not count
        spool.set_aside(path)
    os.mkdir(os.path.join(spool.path, ".broken-by-somebody-else"))
    spool.set_aside(left(spool, "s5"))
    kept = {".broken-s3", ".broken-s4", ".broken-s5", ".broken-by-somebody-else"}
    assert set(os.listdir(spool.path)) == kept
