"""The hints of which commands took long are small, private, and never in the way."""

import os
import stat

import pytest

from headway.host.files import long_commands

KEY, OTHER = "0123456789abcdef0123", "0123aaaaaaaaaaaaaaaa"  # in one slot


@pytest.fixture
def state(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    monkeypatch.delenv("SUDO_UID", raising=False)
    return tmp_path


def test_the_last_run_decides(state):
    assert not long_commands.is_long(KEY)
    long_commands.note(KEY, 60.0)
    assert long_commands.is_long(KEY)
    long_commands.note(KEY, 0.1)
    assert not long_commands.is_long(KEY)


def test_what_took_but_a_moment_is_known_too(state):
    assert long_commands.took_long(KEY) is None
    long_commands.note(KEY, 1.1)
    assert long_commands.took_long(KEY) is False
    assert long_commands.took_long(OTHER) is None
    long_commands.note(KEY, 60.0)
    assert long_commands.took_long(KEY) is True


def test_of_two_in_one_slot_the_later_is_known(state):
    long_commands.note(KEY, 60.0)
    assert not long_commands.is_long(OTHER)
    long_commands.note(OTHER, 60.0)
    assert long_commands.is_long(OTHER)
    assert not long_commands.is_long(KEY)


def test_a_short_run_does_not_take_the_slot_of_another(state):
    long_commands.note(KEY, 60.0)
    long_commands.note(OTHER, 0.1)
    assert long_commands.is_long(KEY)


def test_the_file_is_private_and_does_not_grow(state):
    for number in range(100):
        long_commands.note(f"{number * 655:04x}{number + 1:016x}", 60.0)
    about = (state / long_commands.NAME).stat()
    assert stat.S_IMODE(about.st_mode) == 0o600
    assert about.st_size <= long_commands.SLOTS * long_commands.WIDTH


@pytest.mark.parametrize("key", ["", "install", "0123", "zz23456789abcdef0123", "0" * 40])
def test_what_is_no_key_of_a_command_is_not_noted(state, key):
    long_commands.note(key, 60.0)
    assert not long_commands.is_long(key)
    assert os.listdir(state) == []


def test_a_link_in_its_place_is_not_followed(state, tmp_path_factory):
    target = tmp_path_factory.mktemp("other") / "file"
    target.write_bytes(b"mine")
    (state / long_commands.NAME).symlink_to(target)
    long_commands.note(KEY, 60.0)
    assert not long_commands.is_long(KEY)
    assert target.read_bytes() == b"mine"


def test_a_directory_that_cannot_be_written_changes_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path / "none" / "such"))
    long_commands.note(KEY, 60.0)
    assert not long_commands.is_long(KEY)
