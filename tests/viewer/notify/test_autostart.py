import os
import shlex
import stat
import subprocess
import sys

import pytest

from headway_viewer.notify import autostart
from headway_viewer.notify.autostart import entry_word


class Home:
    """A home directory, and a `systemctl` that keeps what it is asked."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.said = []
        self.environ = {"HOME": str(folder)}
        self.asked_file = folder / "asked"
        monkeypatch.setenv("PATH", str(folder))

    def systemd(self, status=0):
        path = self.folder / "systemctl"
        path.write_text(f'#!/bin/sh\necho "$@" >> "{self.asked_file}"\nexit {status}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def asked(self):
        return self.asked_file.read_text().splitlines() if self.asked_file.exists() else []

    def files(self):
        config = self.folder / ".config"
        return sorted(str(path.relative_to(config)) for path in config.rglob("*.*"))

    def enable(self, *options):
        return autostart.enable(options, self.environ, self.said.append)

    def disable(self):
        return autostart.disable(self.environ, self.said.append)


def read(path):
    with open(path) as file:
        return file.read()


@pytest.fixture
def home(tmp_path, monkeypatch):
    return Home(tmp_path, monkeypatch)


def test_where_systemd_is_it_becomes_a_user_unit(home):
    home.systemd()
    assert home.enable("--quiet", "22:00-07:00") == 0
    assert home.files() == ["systemd/user/headway-notify.service"]
    unit = read(autostart.unit_path(home.environ))
    assert f"ExecStart={sys.executable} -m headway notify --quiet 22:00-07:00\n" in unit
    assert home.asked[-2:] == [
        "--user enable headway-notify.service",
        "--user restart headway-notify.service",
    ]
    assert home.said[0] == f"wrote {autostart.unit_path(home.environ)}"
    assert home.disable() == 0
    assert home.files() == []
    assert "--user disable --now headway-notify.service" in home.asked


@pytest.mark.parametrize("systemd", [False, True])
def test_elsewhere_it_becomes_an_autostart_entry(home, systemd):
    if systemd:  # it is installed, but runs nothing for this user
        home.systemd(status=1)
    assert home.enable() == 0
    assert home.files() == ["autostart/headway-notify.desktop"]
    entry = read(autostart.entry_path(home.environ))
    assert f"Exec={sys.executable} -m headway notify\n" in entry
    assert home.disable() == 0
    assert home.files() == []
    home.said.clear()
    assert home.disable() == 0
    assert home.said == ["it was not enabled"]


def test_a_private_broker_is_meant_later_too(home):
    home.environ["HEADWAY_RUNTIME_DIR"] = "/tmp/my run"
    home.enable()
    entry = read(autostart.entry_path(home.environ))
    assert 'Exec=/usr/bin/env "HEADWAY_RUNTIME_DIR=/tmp/my run" ' in entry


def test_what_no_file_can_have_is_refused_before_any_is_written(home):
    assert home.enable("--exec", "a\nb") == 1
    assert home.files() == []
    assert len(home.said) == 1
    assert home.said[0].startswith("line breaks")


WORDS = ["plain", "two words", 'a"b', "back\\slash", "$HOME", "100%", "`id`", "it's", ""]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_a_desktop_entry_is_read_again_as_it_was(word):
    # As the specification says: the value is unescaped, then split as by a shell, then %% is %.
    value = entry_word(word).replace("\\\\", "\\")
    # Python's shlex keeps the backslash before $ and `, which a shell takes away.
    value = value.replace("\\$", "$").replace("\\`", "`")
    assert [one.replace("%%", "%") for one in shlex.split(value)] == [word]


@pytest.mark.skipif(
    not os.path.exists("/usr/bin/systemd-analyze"), reason="there is no systemd-analyze"
)
def test_systemd_finds_nothing_wrong_with_the_unit(home):
    home.systemd()
    home.enable("--exec", "notify 'it' \"$1\" 100%")
    done = subprocess.run(
        ["/usr/bin/systemd-analyze", "verify", "--user", "--man=no",
         autostart.unit_path(home.environ)],
        capture_output=True, text=True, check=False,
        env={"HOME": str(home.folder), "XDG_RUNTIME_DIR": str(home.folder), "PATH": "/usr/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "headway-notify" not in done.stderr, done.stderr
