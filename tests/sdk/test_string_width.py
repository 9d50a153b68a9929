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


def test_what_is_clipped_ends_with_a_whole_word_and_a_number_with_its_unit():
    clip = string_width.clip_words
    assert clip("waiting for the dpkg lock", 25) == "waiting for the dpkg lock"
    assert clip("waiting for the dpkg lock", 18) == "waiting for the…"
    assert clip("running 14 s, a few seconds", 14) == "running 14 s…"
    assert clip("running 14 s, a few seconds", 11) == "running…"
    assert clip("longer than before (9 s)", 22) == "longer than before…"
    assert clip("GET https://registry.example/lft-pad", 20) == "GET https://registr…"
    assert clip("a few seconds", 6, "...") == "a..."
    assert [clip("日本 語", width) for width in (0, 1, 4)] == ["", "", "日…"]


def test_what_is_squeezed_has_whole_words_at_both_ends_where_they_fit():
    squeeze = string_width.squeeze_words
    assert squeeze("apt install nginx", 17) == "apt install nginx"
    assert squeeze("apt download git vim-runtime perl-doc", 13) == "apt…perl-doc"
    assert squeeze("apt download git vim-runtime perl-doc", 24) == "apt…vim-runtime perl-doc"
    assert squeeze("pip install sqlalchemy", 10) == string_width.squeeze(
        "pip install sqlalchemy", 10
    )
