import pytest

from headway.host.desktop import Impossible
from headway_viewer.commands import notify


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


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit) as left:
        notify.notify(["--help"])
    assert left.value.code == 0
    assert "headway notify --enable" in capsys.readouterr().out
