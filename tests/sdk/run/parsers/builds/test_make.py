from __future__ import annotations

from transcripts import play

from headway.run.parsers.builds import make


def test_ninja_counts_its_steps():
    for name in ("ninja.out", "ninja.pty"):
        played = play(make.Parser(), name)
        assert played.counts() == {"Build": (9, 9, "completed")}


def test_cmakes_makefiles_tell_percent():
    played = play(make.Parser(), "make-cmake.out")
    assert played.counts() == {"Build": (100, 100, "completed")}
    assert played.stages["Build"]["unit"] == "%"


def test_the_compilers_error_is_the_error():
    for names in (("ninja-fail.out",), ("make-fail.out", "make-fail.err")):
        played = play(make.Parser(), *names, exit_status=2)
        assert played.failed[-1].startswith("/home/user/project/m.c:1:23: error: ")
