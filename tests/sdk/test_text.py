import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from headway import string_width, text

ANYTHING = st.text(st.characters(), max_size=60)


@given(ANYTHING)
def test_nothing_that_a_worker_sends_controls_the_terminal(hostile):
    made = text.safe(hostile)
    assert made.isprintable() or not made
    made.encode("utf-8")
    for char in made:
        assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


@given(ANYTHING)
def test_making_safe_twice_changes_nothing_more(hostile):
    made = text.safe(hostile)
    assert text.safe(made) == made


def test_escape_sequences_are_shown_not_obeyed():
    assert text.safe("\x1b[31mred\x1b]0;title\x07") == "␛[31mred␛]0;title␇"
    assert text.safe("a\nb\rc\td") == "a␊b␍c d"
    assert text.safe("\x9b2J") == "\ufffd2J"


def test_bidirectional_overrides_cannot_turn_a_line_around():
    assert "\u202e" not in text.safe("abc\u202egnp.exe")
    assert text.safe("\u2066x\u2069") == "\ufffdx\ufffd"


def test_lone_surrogates_become_visible():
    assert text.safe("a\udcffb") == "a\ufffdb"


def test_a_flood_of_combining_marks_is_dammed():
    made = text.safe("e" + "\u0301" * 500 + "x")
    assert len(made) <= 4
    assert string_width.cells(made) == 2
    assert text.safe("\u0301x") == "x"


def test_joiners_are_left_out_as_terminals_disagree_on_them():
    assert text.safe("a\u200db\ufe0f") == "ab"


def test_a_line_of_a_megabyte_is_cut_before_it_is_looked_at():
    assert len(text.safe("x" * 1_000_000)) == text.LIMIT
    assert len(text.safe("\x1b" * 1_000_000)) == text.LIMIT


def test_markup_is_only_text():
    assert text.safe("[bold red]x[/]") == "[bold red]x[/]"


def test_ascii_forms_are_ascii():
    assert text.plain_ascii("1–3 min …") == "1-3 min ..."
    assert text.plain_ascii("日x") == "?x"
