"""Files in a runtime directory: whole, private, and never through a link or for a stranger."""

import os
import stat
from types import SimpleNamespace

import pytest

from headway.host.files import lost_ends, spool
from headway.host.files.spool import start_lock, start_log, try_out, write_spool_file
from headway.reporting.spool import last_resort
from headway_viewer.commands import uninstall

ME = os.getuid()


@pytest.fixture
def place(tmp_path):
    place = tmp_path / "run"
    place.mkdir(mode=0o700)
    return str(place)


def test_a_file_of_final_states_is_whole_and_private(place):
    write_spool_file(place, ME, "session", b"x" * 100_000)
    folder = os.path.join(place, "unsent")
    assert os.listdir(folder) == ["session"]
    status = os.stat(os.path.join(folder, "session"))
    assert (status.st_size, stat.S_IMODE(status.st_mode)) == (100_000, 0o600)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


@pytest.mark.parametrize("umask", [0o777, 0o177])
def test_what_is_left_under_any_umask_can_be_read(place, umask):
    before = os.umask(umask)
    try:
        write_spool_file(place, ME, "session", b"x")
        os.close(start_lock(place, ME))
    finally:
        os.umask(before)
    modes = {"unsent": 0o700, "unsent/session": 0o600, "start.lock": 0o600}
    for name, mode in modes.items():
        assert stat.S_IMODE(os.stat(os.path.join(place, name)).st_mode) == mode


def test_what_an_earlier_program_left_closed_is_opened(place):
    os.mkdir(os.path.join(place, "unsent"), 0)
    os.close(os.open(os.path.join(place, "start.lock"), os.O_CREAT, 0))
    write_spool_file(place, ME, "session", b"x")
    os.close(start_lock(place, ME))
    assert stat.S_IMODE(os.stat(os.path.join(place, "unsent")).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(os.path.join(place, "start.lock")).st_mode) == 0o600


def test_a_disk_that_is_full_leaves_nothing_behind(place, monkeypatch):
    def write(_descriptor, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space"):
        write_spool_file(place, ME, "session", b"x")
    assert os.listdir(os.path.join(place, "unsent")) == []


@pytest.mark.parametrize("linked", ["", "unsent"])
def test_links_are_not_followed(place, tmp_path, linked):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = os.path.join(place, linked) if linked else str(tmp_path / "link")
    os.symlink(elsewhere, path)
    with pytest.raises(OSError):  # noqa: PT011 - ELOOP or ENOTDIR, by system
        write_spool_file(place if linked else path, ME, "session", b"x")
    assert list(elsewhere.iterdir()) == []


def test_a_lock_that_is_a_link_is_not_followed(place, tmp_path):
    os.symlink(tmp_path / "target", os.path.join(place, "start.lock"))
    with pytest.raises(OSError):  # noqa: PT011 - as above
        start_lock(place, ME)
    assert not (tmp_path / "target").exists()


def test_the_lock_is_one_file_for_everybody(place):
    first, second = start_lock(place, ME), start_lock(place, ME)
    assert os.path.sameopenfile(first, second)
    os.close(first)
    os.close(second)


def test_a_directory_of_somebody_else_is_not_used(place):
    with pytest.raises(PermissionError, match=f"belongs to uid {ME}"):
        write_spool_file(place, ME + 1, "session", b"x")


@pytest.mark.skipif(ME != 0, reason="only root leaves files for others")
def test_what_root_leaves_for_a_user_is_the_users(place):
    os.chown(place, 12345, -1)
    write_spool_file(place, 12345, "session", b"x")
    os.close(start_lock(place, 12345))
    for name in ("unsent", "unsent/session", "start.lock"):
        assert os.stat(os.path.join(place, name)).st_uid == 12345


def test_trying_out_leaves_nothing_but_the_lock_and_an_empty_folder(place):
    try_out(place, ME)
    assert sorted(os.listdir(place)) == ["start.lock", "unsent"]
    assert os.listdir(os.path.join(place, "unsent")) == []


def test_of_too_many_files_that_wait_the_oldest_go(place, monkeypatch):
    monkeypatch.setattr(spool, "WAITING_LIMIT", 10)
    monkeypatch.setattr(spool, "SEARCH_EVERY", 1)
    folder = os.path.join(place, "unsent")
    for number in range(10):
        write_spool_file(place, ME, f"z{9 - number}", b"x")
        os.utime(os.path.join(folder, f"z{9 - number}"), (number, number))
    write_spool_file(place, ME, ".deaf", b"")
    assert len(os.listdir(folder)) == 11
    write_spool_file(place, ME, "a", b"x")
    assert sorted(os.listdir(folder)) == [".deaf", "a", *(f"z{n}" for n in range(8))]


def test_the_log_of_a_start_is_private_appended_to_and_bounded(place):
    for text in (b"one\n", b"two\n"):
        descriptor = start_log(place, ME)
        os.write(descriptor, text)
        os.close(descriptor)
    path = os.path.join(place, "broker.log")
    with open(path, "rb") as file:
        assert file.read() == b"one\ntwo\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    os.truncate(path, spool.LOG_LIMIT)
    assert start_log(place, ME) is None


def test_a_log_that_is_a_link_is_not_followed(place, tmp_path):
    os.symlink(tmp_path / "elsewhere", os.path.join(place, "broker.log"))
    assert start_log(place, ME) is None
    assert not (tmp_path / "elsewhere").exists()


def test_what_a_program_with_another_home_leaves_is_where_the_broker_looks(tmp_path, monkeypatch):
    known = tmp_path / "known"
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_dir=str(known)))
    monkeypatch.setenv("HOME", str(tmp_path / "other"))
    for name in ("HEADWAY_STATE_DIR", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    second = spool.second_place("/run/user/7/headway", os.getuid(), make=True)
    state = os.path.dirname(second)
    assert state == str(known / ".local/state/headway")
    counted = []
    monkeypatch.setattr(lost_ends, "add", lambda places, *_: counted.append(places[-1]) or True)
    last_resort.count_lost(1)
    assert counted == [state]
    assert second in uninstall.paths(os.environ, os.getuid(), str(tmp_path))
