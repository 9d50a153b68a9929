from __future__ import annotations

import pytest

from headway.run.exit_status import Outcome
from headway.run.reading.events import (
    Detail,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    Waiting,
)
from headway.run.reading.pipe_protocol import Logged, PipeParser, PipeSyntaxError


def feed(*lines):
    parser = PipeParser()
    return parser, [event for line in lines for event in parser.feed(line)]


def test_stages_follow_each_other_with_totals_and_units():
    _, events = feed("stage Update package lists total=3 unit=lists", "advance", "stage Install")
    assert events == [
        StageStarted("Update package lists", 3, "lists"),
        StageMoved("Update package lists", 1),
        StageEnded("Update package lists"),
        StageStarted("Install"),
    ]


def test_per_cent_alone_is_enough():
    _, events = feed("12%", "50", "# nearly there")
    assert events == [
        StageStarted("Run"),
        StageMoved("Run", 12, 100, None, "%"),
        StageMoved("Run", 50, 100, None, "%"),
        Detail("nearly there"),
    ]


def test_counts_are_absolute():
    _, events = feed("stage a", "done 4", "advance 2.5", "total 10")
    assert events[1:] == [StageMoved("a", 4), StageMoved("a", 6.5), StageMoved("a", 6.5, 10)]


def test_waits_plans_logs_and_skips():
    _, events = feed("plan a, b", "stage a", "wait the lock", "run", "log hello", "skip cached")
    assert events == [
        Planned((StageStarted("a"), StageStarted("b"))),
        StageStarted("a"),
        Waiting("the lock"),
        StageMoved("a"),
        Logged("hello"),
        StageEnded("a", "skipped", "cached"),
    ]


@pytest.mark.parametrize(
    "line", ["frobnicate", "done", "done x", "done nan", "total inf", "stage", "plan", "advance x"]
)
def test_a_line_that_makes_no_sense_changes_nothing(line):
    parser = PipeParser()
    with pytest.raises(PipeSyntaxError):
        parser.feed(line)
    assert parser.finish() == Outcome("completed", None)


def test_the_end_of_the_input_is_a_success():
    assert feed("100%")[0].finish() == Outcome("completed", None)
    assert feed("stage a", "done 5")[0].finish() == Outcome("completed", None)


def test_a_stage_short_of_its_total_is_a_failure():
    parser, _ = feed("stage a total=10", "done 4")
    assert parser.finish() == Outcome("failed", "the input ended at 4 of 10")


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("complete", Outcome("completed", None)),
        ("fail no space", Outcome("failed", "no space")),
        ("cancel", Outcome("cancelled", None)),
    ],
)
def test_the_end_can_be_said(line, outcome):
    parser, _ = feed("stage a total=10", line, "stage b")
    assert parser.finish() == outcome
