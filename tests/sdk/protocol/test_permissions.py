"""Modes that a umask has spoilt, and things that are none of ours."""

import os
import stat

import pytest

from headway.protocol.permissions import open_to_owner

ME = os.getuid()


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize("spoilt", [0o000, 0o600, 0o500, 0o300])
def test_a_directory_that_is_closed_to_its_owner_is_opened(tmp_path, spoilt):
    (tmp_path / "it").mkdir()
    (tmp_path / "it").chmod(spoilt)
    open_to_owner(str(tmp_path / "it"), ME)
    assert mode(tmp_path / "it") == 0o700


@pytest.mark.parametrize("spoilt", [0o000, 0o400, 0o200])
def test_a_file_that_is_closed_to_its_owner_is_opened(tmp_path, spoilt):
    (tmp_path / "it").write_text("")
    (tmp_path / "it").chmod(spoilt)
    folder = os.open(tmp_path, os.O_RDONLY)
    open_to_owner("it", ME, folder)
    os.close(folder)
    assert mode(tmp_path / "it") == 0o600


@pytest.mark.parametrize("kept", [0o755, 0o077, 0o700, 0o2700])
def test_what_is_open_to_its_owner_or_to_others_stays_as_it_is(tmp_path, kept):
    (tmp_path / "it").mkdir()
    (tmp_path / "it").chmod(kept)
    open_to_owner(str(tmp_path / "it"), ME)
    assert mode(tmp_path / "it") == kept


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o600)
    (tmp_path / "it").symlink_to(tmp_path / "there")
    open_to_owner(str(tmp_path / "it"), ME)
    assert mode(tmp_path / "there") == 0o600


def test_what_is_of_somebody_else_or_no_file_stays_as_it_is(tmp_path):
    (tmp_path / "it").mkdir()
    (tmp_path / "it").chmod(0o600)
    os.mkfifo(tmp_path / "pipe", 0o400)
    open_to_owner(str(tmp_path / "it"), ME + 1)
    open_to_owner(str(tmp_path / "pipe"), ME)
    assert mode(tmp_path / "it") == 0o600
    assert mode(tmp_path / "pipe") == 0o400


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_to_owner(str(tmp_path / "it"), ME)
