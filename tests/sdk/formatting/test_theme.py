import pytest

from headway import string_width
from headway.formatting import theme
from headway.states import OPERATION_MOVES, STAGE_MOVES

TTY = {"TERM": "xterm-256color"}


@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_state_has_a_sign_of_one_cell_and_a_style(ascii_only):
    look = theme.make(ascii_only=ascii_only, coloured=True)
    for state in {*OPERATION_MOVES, *STAGE_MOVES, theme.SILENT}:
        assert string_width.cells(look.signs[state]) == 1
        assert theme.STYLES[state] in look.colours
        assert not ascii_only or look.signs[state].isascii()


def test_without_colour_nothing_is_escaped():
    look = theme.make(ascii_only=False, coloured=False)
    assert look.paint([("bad", "x"), ("", " y")]) == "x y"


@pytest.mark.parametrize("coloured", [False, True])
def test_a_bar_has_its_width_and_is_full_only_at_the_end(coloured):
    look = theme.make(ascii_only=False, coloured=coloured)
    for progress in (0.0, 0.01, 0.5, 0.999, 1.0):
        (_, done), (_, rest) = look.bar(progress, 20)
        assert len(done) + len(rest) == 20
        assert (done == look.full * 20) == (progress == 1.0)
    assert coloured or look.rest != look.full


@pytest.mark.parametrize(
    ("terminal", "environ", "coloured"),
    [
        (True, TTY, True),
        (True, {**TTY, "NO_COLOR": "1"}, False),
        (True, {**TTY, "NO_COLOR": ""}, True),
        (True, {**TTY, "NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (True, {**TTY, "FORCE_COLOR": "0"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (True, {}, False),
        (False, TTY, False),
        (False, {**TTY, "FORCE_COLOR": "1"}, True),
    ],
)
def test_colours_are_for_terminals_and_for_who_asks_for_them(terminal, environ, coloured):
    assert theme.coloured(terminal, environ) == coloured


def test_a_stream_that_cannot_take_the_signs_is_known():
    assert theme.encodes("utf-8")
    assert not theme.for_encoding("utf-8", coloured=False).ascii
    for encoding in ("ascii", "latin-1", "cp437", None, "no-such-encoding"):
        assert not theme.encodes(encoding)
        assert theme.for_encoding(encoding, coloured=False).ascii
