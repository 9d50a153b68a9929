import pytest

from headway.run.exit_status import Outcome
from headway.run.reading import bar_lines
from headway.run.reading.bar_lines import Announced, BarLines, Ended, Left, Said
from headway.run.reading.events import StageEnded, StageMoved, StageStarted
from headway.run.reading.pipe_protocol import PipeSyntaxError


def test_bars_of_one_connection_are_told_from_each_other():
    lines = BarLines()
    assert lines.feed("@1 stage epoch total=3") == Said("1", None, [StageStarted("epoch", 3)])
    inner = Said("2", "1", [StageStarted("batch", 40, "rows")])
    assert lines.feed("@2<1 stage batch total=40 unit=rows") == inner
    assert lines.feed("@1 advance") == Said("1", None, [StageMoved("epoch", 1)])
    assert lines.feed("@2 done 7") == Said("2", None, [StageMoved("batch", 7)])


def test_a_line_without_a_bar_is_of_the_connection_itself():
    lines = BarLines()
    assert lines.feed("stage Copy") == Said("", None, [StageStarted("Copy")])
    assert lines.feed("50%").events == [StageMoved("Copy", 50, 100, None, "%")]


def test_a_bar_ends_once_and_its_number_can_be_used_again():
    lines = BarLines()
    lines.feed("@1 stage a total=3")
    assert lines.feed("@1 complete").events == [Ended(Outcome("completed", None))]
    lines.feed("@1 stage b")
    assert lines.feed("@1 stop").events == [Ended(None)]
    lines.feed("@1 stage c")
    assert lines.feed("@1 fail no disk").events == [Ended(Outcome("failed", "no disk"))]
    lines.feed("@1 stage d")
    assert lines.feed("@1 end").events == [Ended(None, unfinished=True)]
    assert lines.finish() == []


def test_what_was_left_has_stopped_there_when_its_process_is_killed():
    lines = BarLines()
    for line in ("stage a total=3", "done 2", "left"):
        lines.feed(f"@1 {line}")
    lines.feed("@2 stage b total=3")
    lines.feed("@2 left")
    lines.feed("@2 stage b total=3")  # it is run again
    ends = [said.events for said in lines.finish()]
    assert ends == [[Ended(None)], [Ended(Outcome("failed", "cut off at 0 of 3"), cut=True)]]


def test_a_bar_whose_loop_was_left_ends_later():
    lines = BarLines()
    lines.feed("@1 stage a total=3")
    assert lines.feed("@1 left").events == [Left()]
    assert lines.feed("@1 fail KeyError: 3").events == [Ended(Outcome("failed", "KeyError: 3"))]
    assert lines.finish() == []


def test_what_is_open_at_the_end_of_a_connection_ends_as_its_numbers_say():
    lines = BarLines()
    for line in (
        "@1 stage a total=3",
        "@1 done 3",
        "@2 stage b total=3",
        "@2 done 1",
        "@3 stage c",
    ):
        lines.feed(line)
    short = Outcome("failed", "cut off at 1 of 3")
    whole = Outcome("completed", None)
    assert [said.events for said in lines.finish()] == [
        [Ended(whole, cut=True)],
        [Ended(short, cut=True)],
        [Ended(whole, cut=True)],
    ]


def test_a_bar_that_is_announced_begins_later_or_never():
    lines = BarLines()
    told = lines.feed("@1 announce Second part total=5 unit=B")
    assert told == Said("1", None, [Announced("Second part", 5, "B")])
    for bar in ("2", "3"):
        lines.feed(f"@{bar} announce b")
    assert lines.feed("@2 skip removed").events == [StageEnded("b", "skipped", "removed")]
    assert lines.feed("@1 stage Second part total=5").events == [StageStarted("Second part", 5)]
    assert [said.events for said in lines.finish()] == [
        [Ended(Outcome("failed", "cut off at 0 of 5"), cut=True)],
        [Ended(Outcome("skipped", "not reached"))],
    ]


@pytest.mark.parametrize("line", ["@1 oops", "@ stage a", "@1", "@1<2<3 stage a", "@!! stage a"])
def test_a_line_that_makes_no_sense_is_refused_and_opens_nothing(line):
    lines = BarLines()
    with pytest.raises(PipeSyntaxError):
        lines.feed(line)
    assert lines.finish() == []


def test_open_bars_are_limited(monkeypatch):
    monkeypatch.setattr(bar_lines, "BAR_LIMIT", 2)
    lines = BarLines()
    lines.feed("@1 stage a")
    lines.feed("@2 stage b")
    assert lines.feed("@3 stage c").events == []
    lines.feed("@1 complete")
    assert lines.feed("@3 stage c").events == [StageStarted("c")]
