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


@given(st.lists(ANYTHING, max_size=6), st.integers(0, 30), st.booleans())
def test_no_cut_that_tells_names_apart_is_wider_than_asked(hostile, width, words):
    names = [text.safe(one) for one in hostile]
    cut = string_width.squeeze_apart(names, width, words=words)
    assert len(cut) == len(names)
    assert all(string_width.cells(one) <= width for one in cut)
    assert [one for one in names if string_width.cells(one) <= width] == [
        one for one, name in zip(cut, names) if string_width.cells(name) <= width
    ]


def test_names_that_would_look_alike_keep_what_tells_them_apart():
    apart = string_width.squeeze_apart
    jobs = [f"job {n:03} sync bucket-{'abcdefgh'[n % 8]}" for n in range(30)]
    assert len(set(apart(jobs, 12, words=True))) == 30
    assert apart(jobs, 12, words=True)[:2] == ["job 000 syn…", "job 001 syn…"]
    stable = [f"installer-of-{name}-stable" for name in ("nginx", "redis", "postgres")]
    assert apart(stable, 12) == ["ins…nginx-s…", "ins…redis-s…", "ins…postgre…"]
    ends = ["/srv/backup/2026-11-30/photos/a.tar", "/srv/backup/2026-11-30/photos/b.tar"]
    assert apart(ends, 14) == ["/srv/bac…a.tar", "/srv/bac…b.tar"]
    middle = [f"release-{n}-of-everything-there-is" for n in (1, 2)]
    assert apart([*middle, *ends], 12)[:2] == ["release-1-o…", "release-2-o…"]
    assert apart(["same name", "same name"], 5) == [string_width.squeeze("same name", 5)] * 2
