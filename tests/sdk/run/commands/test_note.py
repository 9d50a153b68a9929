"""What is told of a command that a shell has run."""

import io
import sys

import pytest

from headway.run.commands import note


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("make -j4", ["make", "-j4"]),
        ("CC=gcc make all && make test", ["make", "all"]),
        ("tar c 'my files' | zstd > x", ["tar", "c", "my files"]),
        ("(cd src; make)", []),
        ("for f in *; do echo $f; done", ["for", "f", "in", "*"]),
        ("cat <<EOF 'and", ["cat"]),
        ("echo 'open", ["echo"]),
        ("", []),
        ("# a remark", []),
        ("\x00\x1b[2J", ["\x00\x1b[2J"]),
    ],
)
def test_the_first_command_of_a_line_is_what_is_told(line, words):
    assert note.words_of(line) == words


@pytest.mark.parametrize(
    ("line", "interactive"),
    [("vim x", True), ("sudo less x", True), ("python3", True), ("python3 x.py", False),
     ("/usr/bin/ssh host", True), ("make", False), ("sudo", False), ("headway view", True)],
)  # fmt: skip
def test_where_a_person_was_busy_nothing_was_waited_for(line, interactive):
    assert note.is_interactive(line.split()) is interactive


@pytest.mark.parametrize("arguments", [[], ["x", "0"], ["1"], ["1", "y"]])
def test_what_no_hook_says_is_refused(arguments, capsys):
    assert note.main(arguments) == 2
    assert "SECONDS" in capsys.readouterr().err


def test_a_line_that_cannot_be_read_harms_nobody(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("for for ' ("))
    monkeypatch.setattr(note, "_reports_itself", lambda _seconds: 1 / 0)
    assert note.main(["12", "0"]) == 0
