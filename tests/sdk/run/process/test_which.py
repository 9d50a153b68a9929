from __future__ import annotations

import pytest

from headway.run.process.which import find_program, reason_against


def test_the_first_that_can_be_executed_is_found(tmp_path):
    for folder, mode in (("a", 0o644), ("b", 0o755), ("c", 0o755)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tool").write_text("")
        (tmp_path / folder / "tool").chmod(mode)
    path = ":".join(str(tmp_path / folder) for folder in "abc")
    assert find_program("tool", path) == str(tmp_path / "b/tool")
    assert find_program("tool", str(tmp_path / "a")) == str(tmp_path / "a/tool")
    assert find_program("other", path) is None


def test_a_path_is_taken_as_it_is(tmp_path):
    assert find_program(str(tmp_path / "no"), "") is None
    assert find_program(str(tmp_path), "") == str(tmp_path)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("cd", "; it is a part of the shell: sh -c 'cd …' runs it"),
        ("echo hi; ls", "; what is written for a shell, one runs: sh -c '…'"),
        ("A=1", "; what is written for a shell, one runs: sh -c '…'"),
        ("train.py", "; did you mean `python train.py`?"),
        ("absent.py", ""),
        ("nosuch", ""),
    ],
)
def test_a_word_that_means_something_to_a_shell_alone_is_answered_with_it(
    word, told, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("")
    assert reason_against(word, None) == (f"{word}: command not found{told}", 127)
