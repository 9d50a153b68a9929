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
    ("program", "hint"),
    [
        ("no-such", ""),
        ("cd", "; a shell knows it: sh -c 'cd …'"),
        ("echo hi; ls", "; a line for the shell is one argument of it: sh -c '…'"),
        ("train.py", "; to run that file: python train.py"),
        ("build", "; to run that file: ./build"),
    ],
)
def test_what_is_not_found_is_told_how_it_could_be_run(tmp_path, monkeypatch, program, hint):
    monkeypatch.chdir(tmp_path)
    for name in ("train.py", "build"):
        (tmp_path / name).write_text("")
    assert reason_against(program, None) == (f"{program}: command not found{hint}", 127)
