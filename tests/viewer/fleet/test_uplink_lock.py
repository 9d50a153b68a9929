"""One uplink of a user on a host."""

import os

import pytest

from headway_viewer.fleet import uplink_lock


def test_the_second_uplink_of_a_user_is_told_whose_the_lock_is(tmp_path):
    held = uplink_lock.take(str(tmp_path))
    with pytest.raises(uplink_lock.Taken, match=rf"another uplink .* \(pid {os.getpid()}\)"):
        uplink_lock.take(str(tmp_path))
    os.close(held)
    os.close(uplink_lock.take(str(tmp_path)))


def test_a_lock_without_a_pid_is_held_all_the_same(tmp_path):
    held = uplink_lock.take(str(tmp_path))
    (tmp_path / uplink_lock.NAME).write_text("")
    with pytest.raises(uplink_lock.Taken) as told:
        uplink_lock.take(str(tmp_path))
    assert told.value.pid is None
    os.close(held)


def test_where_no_lock_can_be_taken_the_uplink_goes_on(tmp_path):
    assert uplink_lock.take(str(tmp_path / "absent")) is None
