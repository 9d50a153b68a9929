from hypothesis import given
from hypothesis import strategies as st

from headway import string_width, text

ANYTHING = st.text(st.characters(), max_size=60)


@given(ANYTHING, st.integers(0, 30))
def test_no_cut_is_wider_than_asked(hostile, width):
    made = text.safe(hostile)
    for cut in (string_width.clip, string_width.squeeze, string_width.head, string_width.tail):
        assert string_width.cells(cut(made, width)) <= width


def test_wide_characters_count_two_cells():
    assert string_width.cells("日本語") == 6
    assert string_width.clip("日本語", 5) == "日本…"
    assert string_width.clip("日本語", 4) == "日…"
    assert string_width.cells(string_width.squeeze("日本語日本語日本語", 11)) <= 11


def test_both_ends_of_a_long_name_stay():
    squeezed = string_width.squeeze("pip install -r requirements.txt", 25)
    assert squeezed.startswith("pip install -r")
    assert squeezed.endswith("ents.txt")
    assert string_width.cells(squeezed) == 25
