import os

import pytest

from headway.run.commands import pipe


@pytest.fixture
def ends():
    """A pipe: the end to read from, and a function that writes to the other."""
    read, write = os.pipe()
    yield read, lambda data: os.write(write, data)
    os.close(read)
    os.close(write)


def test_lines_are_cut_at_their_ends_and_at_what_came_together(ends):
    read, write = ends
    lines = pipe.read_lines(read, None)
    write(b"one\ntwo\nthr")
    assert [next(lines) for _ in range(3)] == [b"one", b"two", None]
    write(b"ee\n")
    assert [next(lines) for _ in range(2)] == [b"three", None]


def test_of_a_line_that_never_ends_the_beginning_is_kept(monkeypatch):
    pieces = iter([b"x" * pipe.READ_SIZE] * 9 + [b"y\nnext\n", b""])
    monkeypatch.setattr(os, "read", lambda _descriptor, _size: next(pieces))
    *before, line, after, _end, last = pipe.read_lines(0, None)
    assert before == [None] * 9
    assert len(line) <= pipe.LINE_LIMIT + 1
    assert (after, last) == (b"next", None)


def test_the_file_that_paces_a_script_is_removed_a_moment_after_a_count(
    ends, tmp_path, monkeypatch
):
    pace = tmp_path / "hold"
    read, write = ends
    there = []

    def moment(_read, _write, _other, seconds):
        there.append((pace.exists(), 0 < seconds <= pipe.PACE))
        write(b"advance 2\n")
        return [], [], []

    monkeypatch.setattr(pipe.select, "select", moment)
    lines = pipe.read_lines(read, str(pace))
    pace.touch()
    write(b"advance\n")
    assert [next(lines) for _ in range(2)] == [b"advance", None]
    assert pace.exists()
    assert next(lines) == b"advance 2"
    assert there == [(True, True)]
    assert not pace.exists()
    assert [next(lines), next(lines)] == [None, b"advance 2"]  # where there is none
