from __future__ import annotations

import pytest

import headway
from headway.run.parsers.generic import Parser as GenericParser
from headway.run.progress.operation_updater import OperationUpdater
from headway.run.progress.parsing_loop import LINES_PER_TURN, QUIET_SECONDS, ParsingLoop
from headway.run.reading.events import (
    DRAWN,
    STATUS,
    Detail,
    NeedsInput,
    StageMoved,
    ToolStarted,
)
from headway.run.streams.samples import KNOWN_TOOL_LIMIT, UNKNOWN_TOOL_LIMIT, Samples
from headway.run.tree.router import Process, Router
from headway.testing import ManualClock, reporting


class Updater:
    def __init__(self):
        self.events, self.lines, self.rests, self.questions, self.again = [], [], [], [], []
        self.waiting = self

    def apply(self, events, scope="", when=None):
        self.events += events

    def add_line(self, line):
        self.lines.append(line)

    def note_unfinished_line(self, rest):
        self.rests.append(rest)

    def note_input(self, question, *, again=False):
        self.questions.append(question)
        self.again.append(again)


class Parser:
    def __init__(self):
        self.fed = []
        self.broken = False

    def feed(self, line, source):
        if self.broken:
            raise RuntimeError
        self.fed.append((line, source))
        return [NeedsInput(line)]

    def finish(self, exit_status):
        return [Detail(f"ended {exit_status}")]


def begin():
    parser, updater = Parser(), Updater()
    loop, samples = ParsingLoop(Router(parser), updater), Samples(KNOWN_TOOL_LIMIT)
    loop.add(samples)
    return parser, updater, loop, samples


def test_lines_reach_the_parser_and_its_events_the_reporter():
    parser, updater, loop, samples = begin()
    samples.put(memoryview(b"one\ntw"))
    assert loop.poll(1)
    assert not loop.poll(2)
    samples.put(memoryview(b"o\nthree"))
    loop.finish(3, 4)
    assert [line for line, _ in parser.fed] == ["one", "two", "three"]
    assert updater.lines == ["one", "two", "three"]
    assert updater.events[-1] == Detail("ended 3")


def test_text_is_read_before_the_status_that_counts_in_it():
    parser, _, loop, samples = begin()
    loop.status.samples.put(memoryview(b"dlstatus\n"))
    samples.put(memoryview(b"Need to get\n"))
    loop.poll(1)
    assert parser.fed[0][0] == "Need to get"
    assert parser.fed[1] == ("dlstatus", STATUS)


def test_a_parser_that_raises_is_not_asked_again():
    parser, updater, loop, samples = begin()
    parser.broken = True
    samples.put(memoryview(b"one\ntwo\n"))
    loop.poll(1)
    loop.finish(0, 2)
    assert updater.events == [Detail("one"), Detail("two")]


def test_a_line_without_end_is_shown_after_a_silence():
    _, updater, loop, samples = begin()
    samples.put(memoryview(b"Continue? "))
    loop.poll(10)
    loop.poll(10 + QUIET_SECONDS / 2)
    assert updater.rests == []
    loop.poll(10 + QUIET_SECONDS)
    assert updater.rests == ["Continue?"]


def test_a_burst_of_lines_is_bounded():
    parser, _, loop, samples = begin()
    samples.put(memoryview(b"x\n" * 5000))
    loop.poll(1)
    assert len(parser.fed) == LINES_PER_TURN


class Looks:
    def __init__(self):
        self.asked, self.listeners = [], []

    def add(self, listener):
        self.listeners.append(listener)

    def look(self, now, *, output):
        self.asked.append((now, output))
        for listener in self.listeners:
            listener({}, now)


class Processes:
    def __init__(self, *found):
        self.found = list(found)

    def read(self, found):
        return self.found


def test_the_processes_are_looked_at_before_the_lines_that_came_are_parsed():
    found = [Process(1, 1, 0, ("sh",)), Process(2, 2, 1, ("dd", "if=x"), "/", 0)]
    looks, updater, samples = Looks(), Updater(), Samples(UNKNOWN_TOOL_LIMIT)
    loop = ParsingLoop(Router(Parser()), updater, looks, Processes(*found))
    loop.add(samples)
    samples.put(memoryview(b"512 bytes copied, 1 s, 512 B/s\n"))
    loop.poll(1)
    loop.poll(2)
    assert looks.asked == [(1, True), (2, False)]
    assert updater.events[0] == ToolStarted("dd")
    assert StageMoved("Copy", 512, None, "512 B/s") in updater.events
    assert samples.limit == KNOWN_TOOL_LIMIT


def test_lines_of_output_are_hashed_but_no_bar():
    hashes, samples = [], Samples(KNOWN_TOOL_LIMIT)

    class Hashes:
        add = staticmethod(hashes.append)

    loop = ParsingLoop(Router(Parser()), Updater(), hashes=Hashes())
    loop.add(samples)
    samples.put(memoryview(b"Compiling a.c\n 10%\r 49%\r"))
    loop.poll(1)
    loop.poll(2)
    assert hashes == ["Compiling a.c"]


def test_a_bar_that_is_drawn_is_parsed_once_nothing_more_comes():
    parser, updater, loop, samples = begin()
    samples.put(memoryview(b"10%\r49%"))
    loop.poll(1)
    assert [line for line, _ in parser.fed] == ["10%"]
    loop.poll(1.1)
    loop.poll(1.2)
    assert parser.fed[1:] == [("49%", DRAWN)]
    assert updater.lines == []


class InputWatch:
    def __init__(self, *found):
        self.found, self.asked = list(found), []

    def restart(self):
        self.asked.append("restart")

    def look(self, now, *, prompted, asked):
        self.asked.append((prompted, asked))
        return self.found.pop(0)


@pytest.mark.parametrize(
    ("printed", "prompt", "question"),
    [
        (b"Password: ", (True, True), "Password:"),
        (b"(Pdb) ", (True, False), "(Pdb)"),
        (b"Enter a number: ", (True, False), "Enter a number:"),
        (b"Do you want to continue? [Y/n]\n", (False, False), "Do you want to continue? [Y/n]"),
        (b"ready\n", (False, False), ""),
    ],
)
def test_a_quiet_command_that_waits_for_input_asks_what_it_printed_last(printed, prompt, question):
    watch, updater, samples = InputWatch(True, False), Updater(), Samples(KNOWN_TOOL_LIMIT)
    loop = ParsingLoop(Router(Parser()), updater, input_watch=watch)
    loop.add(samples)
    samples.put(memoryview(printed))
    for now in (10, 10 + QUIET_SECONDS, 11 + QUIET_SECONDS):
        loop.poll(now)
    assert watch.asked == ["restart", prompt, prompt]
    assert (updater.questions, updater.rests) == ([question, None], [])


@pytest.mark.parametrize("waits", [True, None])
def test_a_question_stands_behind_the_last_one_where_the_answer_was_echoed_elsewhere(waits):
    watch, updater = InputWatch(*[waits] * 5), Updater()
    loop, samples = ParsingLoop(Router(Parser()), updater, input_watch=watch), Samples(4096)
    loop.add(samples)
    printed = (b"Your name? ", b"bo", b"b\r\x1b[KYour name? Your password: ", b"Age? ")
    for number, data in enumerate(printed):
        samples.put(memoryview(data))
        loop.poll(10 + 2 * number)
        loop.poll(10 + 2 * number + QUIET_SECONDS)
    asked = ["Your name?", "Your name?", "Your password:", "Age?"]
    assert (updater.questions, updater.rests) == ((asked, []) if waits else ([], asked))


def test_the_same_question_after_a_line_is_another():
    watch, updater = InputWatch(*[True] * 3), Updater()
    loop, samples = ParsingLoop(Router(Parser()), updater, input_watch=watch), Samples(4096)
    loop.add(samples)
    for number, data in enumerate((b"Password: ", b"\nSorry, try again.\nPassword: ")):
        samples.put(memoryview(data))
        loop.poll(10 + 2 * number)
        loop.poll(10 + 2 * number + QUIET_SECONDS)
    loop.poll(14)
    assert updater.questions == ["Password:"] * 3
    assert updater.again == [True, True, False]


def test_where_it_cannot_be_told_whether_it_waits_its_words_tell():
    watch, updater, samples = InputWatch(None), Updater(), Samples(KNOWN_TOOL_LIMIT)
    loop = ParsingLoop(Router(Parser()), updater, input_watch=watch)
    loop.add(samples)
    samples.put(memoryview(b"Continue? "))
    for now in (10, 10 + QUIET_SECONDS):
        loop.poll(now)
    assert (updater.questions, updater.rests) == ([], ["Continue?"])


def test_what_was_read_late_has_the_rate_at_which_it_came():
    """A command prints a step each 0.15 s, and what reads it is still being imported for 1.2 s."""
    clock = ManualClock(100.0)
    with reporting(clock):
        made = headway.operation("x").start()
        loop = ParsingLoop(Router(GenericParser()), OperationUpdater(made))
        samples = Samples(KNOWN_TOOL_LIMIT)
        loop.add(samples)
        for step in range(1, 8):
            clock.advance(0.15)
            samples.put(memoryview(b"step %d/40\n" % step), clock())
        clock.advance(0.15)
        loop.poll(clock())
        stage = made.stages[0].model
        assert (stage.done, stage.initial) == (6, 0)
        assert stage.started == pytest.approx(100.15)


def test_what_had_begun_before_its_first_late_line_counts_from_there():
    clock = ManualClock(100.0)
    with reporting(clock):
        made = headway.operation("x").start()
        loop = ParsingLoop(Router(GenericParser()), OperationUpdater(made))
        samples = Samples(KNOWN_TOOL_LIMIT)
        loop.add(samples)
        for step in (21, 22, 23):
            clock.advance(0.5)
            samples.put(memoryview(b"step %d/40\n" % step), clock())
        clock.advance(0.5)
        loop.poll(clock())
        run, stage = (stage.model for stage in made.stages)
        assert (stage.done, stage.initial) == (22, 22)
        assert stage.started == run.ended == pytest.approx(101.5)
        assert run.started == pytest.approx(100.5)
