from __future__ import annotations

import pytest

from headway.run.commands.cli import Options, UsageError, hint_at_separator, main, read_options


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
        "--name -- a",
        "--frobnicate -- a",
        "--display neon -- a",
        "--as vim -- a",
        "--no-parse=1 a",
    ],
)
def test_what_makes_no_sense_is_refused(line):
    with pytest.raises(UsageError):
        read_options(line.split())


@pytest.mark.parametrize(
    ("word", "said"), [("rsyn", "did you mean rsync"), ("qqqqqq", "such as pip, make or rsync")]
)
def test_a_tool_that_is_none_is_answered_with_those_like_it(word, said):
    with pytest.raises(UsageError, match=said) as refused:
        read_options(["--as", word, "--", "a"])
    assert len(str(refused.value)) < 80


def test_help_shows_examples(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "headway run -- pip install" in shown
    assert shown.count("usage:") == 1


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (["ls", ":::", "ls"], 2, True),
        (["ls", ":::", "ls"], 0, False),
        (["ls", ":::", "ls"], 1, False),
        (["ls", "nosuch"], 2, False),
    ],
)
def test_a_separator_that_was_the_commands_word_is_told_where_that_fails(capfd, argv, code, told):
    assert hint_at_separator(argv, code) == code
    assert (":::" in capfd.readouterr().err) == told


def test_labels_may_be_repeated_and_need_a_key_and_a_value():
    options = read_options(["--label", "run=42", "--label=branch=a=b", "--", "make"])
    assert options.labels == (("run", "42"), ("branch", "a=b"))
    for wrong in ("--label run -- a", "--label =x -- a", "--label"):
        with pytest.raises(UsageError):
            read_options(wrong.split())


def test_each_of_several_commands_has_the_labels():
    several = read_options(["--label", "run=42", "a", ":::", "b"])
    assert "--label=run=42" in several.options
