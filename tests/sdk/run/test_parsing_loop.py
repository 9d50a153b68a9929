from __future__ import annotations

from headway.run.parsing_loop import LINES, QUIET, Reading
from headway.run.reading.events import STATUS, Detail, NeedsInput
from headway.run.streams.samples import KNOWN, Samples


class Reporter:
    def __init__(self):
        self.events, self.lines, self.rests = [], [], []

    def apply(self, events):
        self.events += events

    def printed(self, line):
        self.lines.append(line)

    def quiet(self, rest):
        self.rests.append(rest)


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
    parser, reporter = Parser(), Reporter()
    reading, samples = Reading(parser, reporter), Samples(KNOWN)
    reading.add(samples)
    return parser, reporter, reading, samples


def test_lines_reach_the_parser_and_its_events_the_reporter():
    parser, reporter, reading, samples = begin()
    samples.put(memoryview(b"one\ntw"))
    assert reading.look(1)
    assert not reading.look(2)
    samples.put(memoryview(b"o\nthree"))
    reading.finish(3, 4)
    assert [line for line, _ in parser.fed] == ["one", "two", "three"]
    assert reporter.lines == ["one", "two", "three"]
    assert reporter.events[-1] == Detail("ended 3")


def test_text_is_read_before_the_status_that_counts_in_it():
    parser, _, reading, samples = begin()
    reading.status.samples.put(memoryview(b"dlstatus\n"))
    samples.put(memoryview(b"Need to get\n"))
    reading.look(1)
    assert parser.fed[0][0] == "Need to get"
    assert parser.fed[1] == ("dlstatus", STATUS)


def test_a_parser_that_raises_is_not_asked_again():
    parser, reporter, reading, samples = begin()
    parser.broken = True
    samples.put(memoryview(b"one\ntwo\n"))
    reading.look(1)
    reading.finish(0, 2)
    assert reporter.events == [Detail("one"), Detail("two")]


def test_a_line_without_end_is_shown_after_a_silence():
    _, reporter, reading, samples = begin()
    samples.put(memoryview(b"Continue? "))
    reading.look(10)
    reading.look(10 + QUIET / 2)
    assert reporter.rests == []
    reading.look(10 + QUIET)
    assert reporter.rests == ["Continue?"]


def test_a_burst_of_lines_is_bounded():
    parser, _, reading, samples = begin()
    samples.put(memoryview(b"x\n" * 5000))
    reading.look(1)
    assert len(parser.fed) == LINES
