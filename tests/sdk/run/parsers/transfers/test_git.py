from __future__ import annotations

import re

import pytest
from transcripts import play, recording

from headway.run.parsers.transfers import git
from headway.run.reading.command_line import FormContext, parse_command_line
from headway.run.reading.events import OUTPUT, Failed, StageMoved, StageStarted, Untold


def test_each_title_is_a_stage():
    for name in ("git-clone.pty", "git-clone-progress.err"):
        played = play(git.Parser(), name, chunk=61)
        assert played.counts()["Receiving objects"] == (3052, 3052, "completed")
        assert played.counts()["Enumerating objects"] == (3052, None, "completed")


def test_a_title_in_another_language_is_a_stage_too():
    events = git.Parser().feed("Empfange Objekte:  42% (6585/15677), 3.10 MiB | 6.20 MiB/s", OUTPUT)
    assert events == [
        Untold(),
        StageStarted("Empfange Objekte", 15677),
        StageMoved("Empfange Objekte", 6585, 15677, "3.10 MiB | 6.20 MiB/s"),
    ]


def test_a_fatal_line_is_the_error():
    assert git.Parser().feed("fatal: repository 'x' does not exist", OUTPUT) == [
        Failed("repository 'x' does not exist")
    ]


def test_the_first_trouble_is_the_error_as_the_others_follow_from_it():
    parser = git.Parser()
    assert parser.feed("fatal: '/nope' does not appear to be a git repository", OUTPUT)
    assert parser.feed("fatal: Could not read from remote repository.", OUTPUT) == []


def test_progress_is_asked_for_only_off_a_terminal():
    command = parse_command_line(["git", "clone", "x"])
    form = git.machine_form(command, FormContext(9))
    assert form is not None
    assert form.argv == ["git", "clone", "--progress", "x"]
    assert git.machine_form(command, FormContext(9, terminal=True)) is None
    assert git.machine_form(parse_command_line(["git", "clone", "-q", "x"]), FormContext(9)) is None
    assert git.machine_form(parse_command_line(["git", "log"]), FormContext(9)) is None


def test_hiding_what_was_added_leaves_what_git_says_anyway():
    form = git.machine_form(parse_command_line(["git", "clone", "x"]), FormContext(9))
    assert form is not None
    assert form.hidden is not None
    left = form.hidden.sub(b"", recording("git-clone-progress.err"))
    assert left.replace(b"'gq'", b"") == recording("git-clone.err").replace(b"'gq'", b"")


@pytest.mark.parametrize(
    ("subcommand", "left"),
    [
        ("clone", b"Updating files:  40% (4/10)\rTests: 12\n"),
        ("checkout", b"Tests: 12\n"),
    ],
)
def test_lines_that_git_or_a_hook_would_print_anywhere_are_not_hidden(subcommand, left):
    form = git.machine_form(parse_command_line(["git", subcommand, "x"]), FormContext(9))
    assert form is not None
    assert form.hidden is not None
    printed = (
        b"Updating files:  40% (4/10)\rEnumerating objects: 5\rEnumerating objects: 5, done.\n"
    )
    printed += b"remote: Counting objects: 100% (5/5), done.\nTests: 12\n"
    assert (
        b"".join(
            line
            for line in re.findall(rb"[^\r\n]*[\r\n]+", printed)
            if not form.hidden.fullmatch(line)
        )
        == left
    )
