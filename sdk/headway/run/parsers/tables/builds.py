"""Tables of tools that build and test."""

from __future__ import annotations

from headway.run.parsers.line_table import BEGINS, COUNTS, FAILS, Table, rule
from headway.run.reading.command_line import option_set

_GOALS = "clean validate compile test package verify install deploy site build check assemble"

TABLES = {
    "pytest": Table(
        (
            rule(r"\[ *(?P<percent>\d{1,3})%\] *(?:[A-Z]+ .*)?$", "Test"),
            rule(r"^(?:FAILED|ERROR) (?P<text>\S.*)$", meaning=FAILS),
        )
    ),
    "tox": Table(
        (
            rule(
                r"^(?P<detail>[\w.-]+): (?:OK|FAIL|SKIP)\b(?! \([\d.]+=)",
                "Test",
                "environments",
                COUNTS,
            ),
            rule(r"^ *(?P<text>[\w.-]+: FAIL .*)$", meaning=FAILS),
        )
    ),
    "prove": Table(
        (
            rule(
                r"^(?:(?P<detail>\S+) \.+ +(?:ok|skipped|Dubious|Failed)\b"
                r"|Dubious, test returned )",
                "Test",
                "files",
                COUNTS,
            ),
            rule(r"^(?P<detail>\S+) \.+ +\d+/(?:\d+|\?)", "Test", "files"),
            rule(r"^(?P<text>\S+ +\(Wstat: .+\))$", meaning=FAILS),
        )
    ),
    "ctest": Table(
        (
            rule(r"^ *(?P<done>\d+)/(?P<total>\d+) Test +#\d+: (?P<detail>\S+)", "Test", "tests"),
            rule(r"^(?P<text>\d+% tests passed, [1-9]\d* tests failed.*)$", meaning=FAILS),
        )
    ),
    "sphinx-build": Table(
        (
            rule(
                r"^(?P<stage>[a-z]+ing [a-z ]+)\.\.\. *\[ *(?P<percent>\d{1,3})%\] (?P<detail>.*)$"
            ),
            rule(r"^(?P<text>(?:\w+ error|ERROR|Exception occurred):.*)$", meaning=FAILS),
        )
    ),
    "mvn": Table(
        (
            rule(
                r"^\[INFO\] Building (?P<detail>.+?) +\[(?P<done>\d+)/(?P<total>\d+)\]",
                "Build",
                "modules",
                BEGINS,
            ),
            rule(r"^\[ERROR\] (?P<text>\S.*)$", meaning=FAILS),
        ),
        option_set(_GOALS),
    ),
    "gradle": Table(
        (
            rule(r"^<[=-]+> (?P<percent>\d{1,3})% (?P<stage>[A-Z]+)"),
            rule(r"^(?:> Task )?(?P<text>:\S+ FAILED)$", meaning=FAILS),
            # What "FAILURE: Build failed with an exception." leaves to the lines after it.
            rule(
                r"^(?P<text>(?:Execution failed|A problem|Could not|Task '.+' not) .+)$",
                meaning=FAILS,
            ),
        ),
        option_set(_GOALS),
    ),
    # Not run: Bazel's user manual, "--curses"; the number of actions grows while it looks.
    "bazel": Table(
        (
            rule(r"^\[(?P<done>[\d,]+) / (?P<total>[\d,]+)\] (?P<detail>.*)$", "Build", "actions"),
            rule(r"^ERROR: (?P<text>.+)$", meaning=FAILS),
        ),
        option_set("build test run"),
    ),
}
TABLES["py.test"] = TABLES["pytest"]
TABLES["gradlew"] = TABLES["gradle"]
TABLES["mvnw"] = TABLES["mvn"]
