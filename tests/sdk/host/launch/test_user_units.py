import os
import shlex
import stat
import sys

import pytest

from headway.host.launch import user_units
from headway.host.launch.user_units import headway_command, unit_word

WORDS = ["plain", "two words", 'a"b', "back\\slash", "$HOME", "100%", "`id`", "it's", ""]


class Home:
    """A home directory, and a `systemctl` that keeps what it is asked."""

    def __init__(self, folder):
        self.folder = folder
        self.said = []
        self.environ = {"HOME": str(folder)}

    def systemd(self, fails="nothing"):
        path = self.folder / "systemctl"
        path.write_text(
            f'#!/bin/sh\necho "$2" "$3" >> "{self.folder}/asked"\n[ "$2" != {fails} ]\n'
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def asked(self):
        return [line.strip() for line in (self.folder / "asked").read_text().splitlines()]

    def install(self):
        return user_units.install("a.service", "[Unit]\n", self.environ, self.said.append)

    def uninstall(self):
        return user_units.uninstall("a.service", self.environ, self.said.append)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    return Home(tmp_path)


def test_what_is_done_is_said_and_undone(home):
    home.systemd()
    assert user_units.has_manager()
    assert home.install()
    path = user_units.unit_path("a.service", home.environ)
    with open(path) as file:
        assert file.read() == "[Unit]\n"
    assert home.said[0] == f"wrote {path}"
    assert home.asked[1:] == ["daemon-reload", "enable a.service", "restart a.service"]
    assert home.uninstall()
    assert not os.path.exists(path)
    assert home.said[-1] == f"stopped it, and removed {path}"
    assert not home.uninstall()


def test_a_step_that_fails_is_named(home):
    home.systemd(fails="restart")
    assert not home.install()
    assert home.said[-1].startswith("systemctl --user restart a.service failed; see")


def test_without_a_manager_its_file_still_goes(home):
    assert not user_units.has_manager()
    user_units.write(user_units.unit_path("a.service", home.environ), "x")
    assert home.uninstall()
    assert home.said[0].startswith("systemd does not answer")
    assert home.said[1:] == [f"removed {user_units.unit_path('a.service', home.environ)}"]


def test_the_directories_that_are_meant_now_are_meant_later_too():
    assert headway_command(["notify"], {}) == [sys.executable, "-m", "headway", "notify"]
    found = headway_command(["x"], {"HEADWAY_STATE_DIR": "/a b", "HEADWAY_RUNTIME_DIR": ""})
    assert found[:2] == ["/usr/bin/env", "HEADWAY_STATE_DIR=/a b"]


@pytest.mark.parametrize("word", ["a\nExecStartPre=b", "a\r", "\0", "\x7f", os.fsdecode(b"\xff")])
def test_what_would_be_lines_of_their_own_is_refused(word):
    for words, environ in (([word], {}), (["x"], {"HEADWAY_RUNTIME_DIR": word})):
        with pytest.raises(user_units.Unwritable, match="line breaks"):
            headway_command(words, environ)
    assert headway_command(["a\tb", "é\u200d"], {})[-2:] == ["a\tb", "é\u200d"]


def test_what_may_hold_a_password_is_for_the_user_alone(tmp_path):
    path = tmp_path / "a.service"
    path.touch()
    path.chmod(0o644)
    for name in ("a.service", "b.service"):
        user_units.write(str(tmp_path / name), "é")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert path.read_text(encoding="utf-8") == "é"


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_a_unit_is_read_again_as_it_was(word):
    undone = unit_word(word).replace("%%", "%").replace("$$", "$")
    assert shlex.split(undone.replace("'", "\\'") if '"' not in undone else undone) == [word]
