import os
import stat
import subprocess
import sys

import pytest

from headway.host.launch import user_units
from headway_broker.commands import broker, service

VERIFIER = "/usr/bin/systemd-analyze"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home directory with a `systemctl` that does all it is asked."""
    path = tmp_path / "systemctl"
    path.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    for name in ("XDG_CONFIG_HOME", "HEADWAY_RUNTIME_DIR", "HEADWAY_STATE_DIR", "SUDO_UID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def unit():
    with open(user_units.unit_path(user_units.BROKER, os.environ)) as file:
        return file.read()


def test_it_becomes_a_unit_that_says_when_it_is_ready(home, capsys):
    assert broker.main(["install-service"]) == 0
    told = unit().splitlines()
    assert "Type=notify" in told
    assert f"ExecStart={sys.executable} -m headway broker run --service" in told
    assert f"RestartPreventExitStatus={service.TAKEN}" in told
    assert "--user restart headway-broker.service" in (home / "asked").read_text()
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"wrote {user_units.unit_path(user_units.BROKER, os.environ)}"
    assert broker.main(["install-service", "--remove"]) == 0
    assert not os.path.exists(user_units.unit_path(user_units.BROKER, os.environ))
    assert broker.main(["install-service", "--remove"]) == 0
    assert capsys.readouterr().out.endswith("it was not installed\n")


def test_without_systemd_it_says_so_in_one_line_and_writes_nothing(home, capsys):
    (home / "systemctl").unlink()
    assert broker.main(["install-service"]) == 1
    assert capsys.readouterr().out == (
        "no systemd answers for this user; programs start the broker by themselves, as ever\n"
    )
    assert os.listdir(home) == []


def test_what_no_unit_can_have_is_refused_before_it_is_written(home, capsys):
    said = []
    environ = {"HOME": str(home), "HEADWAY_STATE_DIR": "/a\nExecStartPre=/b"}
    assert service.install(None, environ, said.append) == 1
    assert said[0].startswith("line breaks")
    assert not (home / ".config").exists()


def test_what_a_network_needs_is_missed_before_anything_is_written(home, monkeypatch, capsys):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(home / "state"))
    assert broker.main(["install-service", "--listen", "tcp://127.0.0.1:0"]) == 1
    assert "`headway keys new NAME --role worker` makes them" in capsys.readouterr().err
    assert not (home / ".config").exists()


def test_another_users_service_is_not_installed(home, monkeypatch, capsys):
    monkeypatch.setattr(broker, "_uid", lambda: os.getuid() + 1)
    assert broker.main(["install-service"]) == 1
    assert "without sudo" in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists(VERIFIER), reason="there is no systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(home):
    broker.main(["install-service"])
    done = subprocess.run(
        [VERIFIER, "verify", "--user", "--man=no",
         user_units.unit_path(user_units.BROKER, os.environ)],
        capture_output=True, text=True, check=False,
        env={"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": "/usr/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "headway-broker" not in done.stderr, done.stderr
