from __future__ import annotations

import pytest
from transcripts import read_as, say_to


@pytest.mark.parametrize(
    ("command", "recording", "stages"),
    [
        ("pytest", "pytest.out", {"Test": (100, 100, "%")}),
        ("pytest", "pytest-v.pty", {"Test": (100, 100, "%")}),
        ("tox", "tox.out", {"Test": (2, None, "environments")}),
        ("prove t", "prove.pty", {"Test": (5, None, "files")}),
        ("prove t", "prove.out", {"Test": (5, None, "files")}),
        ("ctest", "ctest.out", {"Test": (12, 12, "tests")}),
        (
            "sphinx-build",
            "sphinx.out",
            {"reading sources": (100, 100, "%"), "writing output": (100, 100, "%")},
        ),
        (
            "sphinx-build",
            "sphinx-tty.pty",
            {"reading sources": (100, 100, "%"), "writing output": (100, 100, "%")},
        ),
        (
            "gradle build",
            "gradle.pty",
            {
                "INITIALIZING": (0, 100, "%"),
                "CONFIGURING": (100, 100, "%"),
                "EXECUTING": (100, 100, "%"),
            },
        ),
        ("mvn validate", "maven.out", {"Build": (3, 3, "modules")}),
    ],
)
def test_what_a_tool_prints_becomes_these_stages(command, recording, stages):
    played = read_as(command, recording)
    assert played.figures() == stages
    assert all(stage["state"] == "completed" for stage in played.stages.values())


@pytest.mark.parametrize(
    ("command", "line", "stage", "counts"),
    [
        ("bazel build", "[1,234 / 5,678] Compiling a.cc; 3s", "Build", (1234, 5678)),
    ],
)
def test_formats_that_could_not_be_run_are_read_as_their_manuals_say(command, line, stage, counts):
    played = say_to(command, line)
    assert (played.stages[stage]["done"], played.stages[stage]["total"]) == counts


def test_the_first_failure_is_the_reason():
    assert read_as("prove t", "prove.pty").failed == [
        "t/t9.t (Wstat: 256 (exited 1) Tests: 2 Failed: 1)"
    ]
    assert read_as("pytest", "pytest.out").failed == ["pt/test_a.py::test_x[17] - assert 17 != 17"]
    assert read_as("gradle a bad", "gradle-fail.out").failed == [":bad FAILED"]
    assert read_as("gradle a bad", "gradle-fail.err").failed == [
        "Execution failed for task ':bad'."
    ]
