from __future__ import annotations

import pytest

from headway.run.cli import Options, UsageError, main, read_options


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("-- pip install x", Options(["pip", "install", "x"])),
        ("pip install --name x", Options(["pip", "install", "--name", "x"])),
        ("--name N --display plain -- a", Options(["a"], "N", "plain")),
        ("--name=N --as=pip ./install.sh", Options(["./install.sh"], "N", None, "pip")),
        ("--no-parse -- a -- b", Options(["a", "--", "b"], None, None, "")),
    ],
)
def test_options_end_where_the_command_begins(line, options):
    assert read_options(line.split()) == options


@pytest.mark.parametrize(
    "line",
    [
        "",
        "--",
        "--name",
        "--frobnicate -- a",
        "--display neon -- a",
        "--as vim -- a",
        "--no-parse=1 a",
    ],
)
def test_what_makes_no_sense_is_refused(line):
    with pytest.raises(UsageError):
        read_options(line.split())


def test_help_shows_examples(capsys):
    assert main(["--help"]) == 0
    assert "headway run -- pip install" in capsys.readouterr().out
