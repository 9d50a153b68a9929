import contextlib
import io
import re

import pytest

from headway.commands import table
from headway.formatting.help_text import fold

WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\S)+""")  # it is never cut
TEXT = """\
usage: headway x [OPTION]

What it does is told in a paragraph, of which
each line but the last is full.

options:
  --name N        call it N (default: by what
                  it works on)
  -h, --help      show this

examples:
  headway x --name "the nightly backup" -- make
  headway x -- pip install numpy     report a command
"""


def test_what_has_room_stays_as_it_is_written():
    assert fold(TEXT, 60) == TEXT


def test_a_narrow_terminal_has_paragraphs_filled_and_columns_kept():
    assert (
        fold(TEXT, 38)
        == """\
usage: headway x [OPTION]

What it does is told in a paragraph,
of which each line but the last is
full.

options:
  --name N        call it N (default:
                  by what it works on)
  -h, --help      show this

examples:
  headway x --name \\
      "the nightly backup" -- make
  headway x -- pip install numpy
      report a command
"""
    )


@pytest.mark.parametrize("verb", ["", *table.VERBS])
def test_the_help_of_every_command_fits_a_narrow_terminal(verb, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
        table.main([*([verb] if verb else []), "--help"])
    lines = shown.getvalue().splitlines()
    assert lines
    wide = [line for line in lines if len(line) > 40]
    assert [line for line in wide if len(WORD.findall(line.rstrip(" \\"))) > 1] == []  # as below


@pytest.mark.parametrize("verb", table.VERBS)
def test_a_folded_example_is_the_same_to_a_shell(verb, monkeypatch):
    shown = {}
    for columns in ("100", "40"):
        monkeypatch.setenv("COLUMNS", columns)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
            table.main([verb, "--help"])
        text = re.split(r"\n\n(?=\w)", out.getvalue().partition("examples:\n")[2])[0]
        shown[columns] = [" ".join(one.split()) for one in text.replace("\\\n", " ").split("\n  ")]
    assert " ".join(shown["40"]) == " ".join(shown["100"])
