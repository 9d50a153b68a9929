from __future__ import annotations

from transcripts import play

from headway.run.parsers import progress_bar
from headway.run.reading.events import OUTPUT, Detail, StageMoved
from headway.run.reading.terminal_lines import PROGRESS_MARK


def feed(*lines):
    machine = progress_bar.Parser()
    return [event for line in lines for event in machine.feed(line, OUTPUT)][1:]


def test_the_last_line_is_the_detail():
    assert feed("hello", "world") == [Detail("hello"), Detail("world")]


def test_one_percentage_proves_nothing():
    assert feed("disk 93% full") == [Detail("disk 93% full")]


def test_a_percentage_that_moves_forward_is_progress():
    assert feed("copy 10%", "copy 25%")[-1] == StageMoved("Run", 25, 100, "copy", "%")


def test_percentages_of_different_things_are_not_progress():
    events = feed("/dev/sda1 93% /", "/dev/sdb1 12% /home", "load 30%", "memory 80%")
    assert all(isinstance(event, Detail) for event in events)


def test_counted_steps_are_progress():
    assert feed("[1/30] a.c", "[2/30] b.c")[-1] == StageMoved("Run", 2, 30, "b.c")


def test_a_tqdm_bar_is_progress_at_once():
    line = "install:  40%|████      | 12/30 [00:00<00:00, 32.97pkg/s]"
    assert feed(line) == [StageMoved("Run", 12, 30, "install")]


def test_osc_9_4_is_believed_at_once_and_then_nothing_else():
    events = feed(PROGRESS_MARK + "1;42", "[1/30] a", "[2/30] b")
    assert events[0] == StageMoved("Run", 42, 100, None, "%")
    assert all(isinstance(event, Detail) for event in events[1:])


def test_an_indeterminate_mark_makes_up_no_number():
    machine = progress_bar.Parser()
    assert machine.feed(PROGRESS_MARK + "3;0", OUTPUT) == []


def test_a_known_tools_output_is_recognised_when_run_by_a_stranger():
    assert play(progress_bar.Parser(), "ninja.out").counts() == {"Run": (9, 9, "completed")}
    assert play(progress_bar.Parser(), "curl-bar.pty").counts() == {"Run": (100, 100, "completed")}
