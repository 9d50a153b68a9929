import pytest

from headway.host.desktop import Impossible
from headway_viewer.commands import notify
from headway_viewer.commands.exit_status import USAGE
from headway_viewer.fleet import server_access


def test_where_there_is_no_desktop_it_says_why(monkeypatch, capsys):
    def impossible(_environ):
        raise Impossible("there is no desktop session")

    monkeypatch.setattr(notify, "DesktopChannel", impossible)
    assert notify.notify([]) == notify.UNAVAILABLE
    assert "possible here: there is no desktop session" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--ntfy", "ftp://x/y"], "no address of a topic"),
        (["--ntfy", "https://ntfy.sh"], "no address of a topic"),
    ],
)
def test_what_cannot_be_reached_at_all_is_said_at_once(arguments, why, capsys):
    assert notify.notify(arguments) == notify.UNAVAILABLE
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--quiet", "noon"], ["--after", "soon"], ["--enable", "--disable"]]
)
def test_what_makes_no_sense_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        notify.notify(arguments)
    assert left.value.code == 2
    assert "; see `headway notify --help`" in capsys.readouterr().err


@pytest.fixture
def login(tmp_path, monkeypatch):
    """A home directory without systemd; return the entry that is made in it."""
    (tmp_path / "ada.creds").touch()
    for name in ("XDG_CONFIG_HOME", "HEADWAY_RUNTIME_DIR", "HEADWAY_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HEADWAY_FLEET", "nats://ada:hunter2@db")
    monkeypatch.setattr(server_access, "client_library", lambda: None)
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".config" / "autostart" / "headway-notify.desktop"


def test_at_a_login_the_same_fleet_is_followed(login, capsys):
    arguments = ["--enable", "--exec", "true", "--fleet", "--creds", "ada.creds", "--site", "a"]
    assert notify.notify(arguments) == 0
    entry = login.read_text()
    assert "Exec=/usr/bin/env HEADWAY_FLEET=nats://ada:hunter2@db " in entry
    assert f" --fleet --creds {login.parents[2]}/ada.creds --site a\n" in entry
    assert login.stat().st_mode & 0o777 == 0o600
    assert "hunter2" not in capsys.readouterr().out


def test_a_server_that_no_login_needs_is_not_kept(login):
    for fleet in ([], ["--fleet", "nats://other"]):
        assert notify.notify(["--enable", "--exec", "true", *fleet]) == 0
        assert "hunter2" not in login.read_text()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--site", "x"], "name it, too"),
        (["--fleet", "http://db"], "is no nats://HOST"),
        (["--fleet", "--creds", "none"], "cannot read none"),
    ],
)
def test_what_could_not_start_at_a_login_is_not_enabled(login, arguments, why, capsys):
    assert notify.notify(["--enable", "--exec", "true", *arguments]) == USAGE
    assert why in capsys.readouterr().err
    assert not login.exists()


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit) as left:
        notify.notify(["--help"])
    assert left.value.code == 0
    assert "headway notify --enable" in capsys.readouterr().out
