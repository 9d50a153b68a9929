import contextlib
import io

import pytest

from headway.commands import table
from headway.formatting.help_text import fold

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
  headway x --name "the nightly
      backup" -- make
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
    assert [line for line in wide if len(line.split()) > 1] == []  # a word is never cut
