from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transcripts import Played

from headway.run.parsers.line_table import (
    ASKS,
    BEGINS,
    COUNTS,
    ENDS,
    FAILS,
    STAGES,
    Parser,
    Table,
    Tool,
    rule,
)
from headway.run.reading.command_line import parse_command_line
from headway.run.reading.events import OUTPUT, Untold, Withdrawn


def said(rules, *lines, exit_status=None, **options):
    machine, played = Parser(Table(tuple(rules), **options)), Played()
    for line in lines:
        played.take(machine.feed(line, OUTPUT))
    if exit_status is not None:
        played.take(machine.finish(exit_status))
    return played


COPY = rule(r"^(?P<done>\d+)/(?P<total>\d+) (?P<detail>\S+)", "Copy", "files")


def test_a_line_with_counts_moves_its_stage():
    played = said([COPY], "nothing", "1/9 a", "2/9 b")
    assert played.counts() == {"Copy": (2, 9, "running")}
    assert played.stages["Copy"]["detail"] == "b"


@pytest.mark.parametrize(
    ("pattern", "unit", "line", "counts"),
    [
        (r"(?P<percent>\d+)%", None, "45%", (45, 100, "%")),
        (r"(?P<percent>\d+)% of (?P<total>\S+)", "B", "50% of 10MB", (5_000_000, 10_000_000, "B")),
        (r"(?P<done>\S+) of (?P<total>\S+)", "B", "1kB of 2kB", (1000, 2000, "B")),
        (r"(?P<done>\S+) of (?P<total>\S+)", "s", "00:01:02.5 of 00:02:00", (62.5, 120, "s")),
        (r"(?P<done>\S+), (?P<left>\S+) left", None, "3, 7 left", (3, 10, None)),
        (r"(?P<done>\S+) of (?P<total>\S+)", None, "1,234 of 5,678", (1234, 5678, None)),
    ],
)
def test_groups_are_read_in_the_stages_unit(pattern, unit, line, counts):
    stage = said([rule(pattern, "X", unit)], line).stages["X"]
    assert (stage["done"], stage["total"], stage["unit"]) == counts


def test_each_line_of_a_counting_rule_is_one_more():
    rules = [
        rule(r"^(?P<total>\d+) files", "Copy", "files"),
        rule("^copied", "Copy", "files", COUNTS),
    ]
    assert said(rules, "3 files", "copied a", "copied b").counts() == {"Copy": (2, 3, "running")}


def test_what_begins_is_not_done():
    rules = [rule(r"^STEP (?P<done>\d+)/(?P<total>\d+)", "Build", "steps", BEGINS)]
    assert said(rules, "STEP 2/5").counts() == {"Build": (1, 5, "running")}


def test_a_stage_that_begins_ends_the_one_before():
    rules = [rule(r"^(?P<stage>[a-z]+) (?P<percent>\d+)%")]
    assert said(rules, "read 50%", "write 10%").counts()["read"][2] == "completed"
    assert said(rules, "read 50%", "write 10%", together=True).counts()["read"][2] == "running"


def test_a_rule_without_a_stage_moves_the_one_that_runs():
    rules = [rule(r"^(?P<stage>\w+) files:"), rule(r"^(?P<percent>\d+)%")]
    assert said(rules, "Reading files:", "50%").counts() == {"Reading": (50, 100, "running")}


def test_a_count_that_falls_begins_the_stage_again():
    played = said([COPY], "8/9 a", "1/9 b")
    assert [type(event).__name__ for event in played.events][2:] == [
        "StageEnded",
        "StageStarted",
        "StageMoved",
    ]


def test_a_count_beyond_its_total_makes_the_total_unknown():
    played = said([COPY], "8/9 a", "10/9 b", "11/12 c")
    assert Withdrawn("Copy") in played.events
    assert played.counts() == {"Copy": (11, None, "running")}


def test_a_line_may_end_a_stage_fail_or_ask():
    rules = [
        COPY,
        rule("^done", "Copy", meaning=ENDS),
        rule("^error: (?P<text>.*)", meaning=FAILS),
        rule(r"^overwrite (?P<text>.*\?)", meaning=ASKS),
    ]
    played = said(rules, "1/9 a", "done", "error: no space", "error: more", "overwrite x?")
    assert played.counts() == {"Copy": (1, 9, "completed")}
    assert (played.failed, played.asked) == (["no space"], ["x?"])


def test_a_failure_ends_no_stage():
    assert said([COPY], "1/9 a", exit_status=1).counts() == {"Copy": (1, 9, "running")}


def test_stages_are_bounded():
    rules = [rule(r"^(?P<stage>\w+) (?P<percent>\d+)%")]
    lines = [f"file{n} 5%" for n in range(2 * STAGES)]
    assert len(said(rules, *lines).stages) == STAGES


def test_a_name_shows_only_words_of_the_table():
    tool = Tool(Table((), frozenset({"backup"})))
    argv = ["restic", "-r", "/secret", "backup", "/home"]
    assert tool.name_of(parse_command_line(argv)) == "restic backup"
    assert tool.name_of(parse_command_line(["restic", "x"])) == "restic"


@given(st.lists(st.text(alphabet="0123456789%/ab .:", max_size=20)))
def test_every_move_is_of_a_stage_that_has_begun(lines):
    rules = [
        COPY,
        rule(r"(?P<percent>[\d.]+)%", None, None),
        rule(r"(?P<done>[\d:.]+) (?P<left>\S+)", "Time", "s"),
        rule(r"^(?P<stage>[ab]+)$"),
        rule("a", None, None, COUNTS),
        rule("b", None, None, ENDS),
    ]
    played = said(rules, *lines, exit_status=0)  # it would raise for a stage that is unknown
    assert all(stage["state"] != "running" for stage in played.stages.values())


def test_a_stage_that_a_line_names_is_one_of_several_unless_it_is_the_only_one():
    pattern = r"^(?P<stage>[A-Z]+) (?P<percent>\d+)%$"
    for sole in (False, True):
        parser = Parser(Table((rule(pattern, sole=sole),)))
        assert (Untold() in parser.feed("READ 1%", OUTPUT)) is not sole
        assert Untold() not in parser.feed("READ 2%", OUTPUT)  # once it is known
