from __future__ import annotations

from transcripts import play

from headway.run.parsers.builds import cargo
from headway.run.reading.command_line import FormContext, parse_command_line


def test_the_bar_carries_the_total():
    for name in ("cargo-build.pty", "cargo-build-progress.err"):
        played = play(cargo.Parser(), name)
        assert played.counts() == {"Compile": (4, 4, "completed")}


def test_without_the_bar_only_the_crate_is_known():
    played = play(cargo.Parser(), "cargo-build.err")
    assert played.counts() == {"Compile": (0, None, "completed")}
    assert played.stages["Compile"]["detail"] == "two v0.1.0"


def test_the_first_error_is_the_error():
    played = play(cargo.Parser(), "cargo-fail.err", exit_status=101)
    assert played.failed == ["this file contains an unclosed delimiter"]


def test_the_bar_is_asked_for_only_off_a_terminal():
    form = cargo.machine_form(parse_command_line(["cargo", "build"]), FormContext(9))
    assert form is not None
    assert form.environ["CARGO_TERM_PROGRESS_WHEN"] == "always"
    assert (
        cargo.machine_form(parse_command_line(["cargo", "build"]), FormContext(9, terminal=True))
        is None
    )
    assert cargo.machine_form(parse_command_line(["cargo", "build", "-q"]), FormContext(9)) is None
