from __future__ import annotations

import pytest
from transcripts import Played, play

from headway.run.parsers.transfers import pv
from headway.run.reading.command_line import parse_command_line


def of(words, recording):
    return play(pv.Parser(parse_command_line(["pv", *words.split()])), recording)


def said(words, *lines):
    parser = pv.Parser(parse_command_line(["pv", *words.split()]))
    played = Played()
    for line in lines:
        played.take(parser.feed(line, "output"))
    return played.figures()


@pytest.mark.parametrize(
    ("words", "recording", "stages"),
    [
        ("data/random.bin", "pv.pty", {"Pipe": (100, 100, "%")}),
        ("-n -i 0.2 -L 60M data/random.bin", "pv-numeric.err", {"Pipe": (100, 100, "%")}),
        ("-n -i 0.2 -L 60M", "pv-numeric-unknown.err", {}),
        (
            "-n -b -t -i 0.2 -L 60M data/random.bin",
            "pv-numeric-bytes.err",
            {"Pipe": (100_000_000, None, "B")},
        ),
    ],
)
def test_its_numbers_mean_what_its_options_say(words, recording, stages):
    assert of(words, recording).figures() == stages


@pytest.mark.parametrize("words", ["-ns 2k", "-n -s2k", "--numeric --size=2k", "-n --size 2k"])
def test_the_size_it_is_given_is_what_the_per_cent_are_of(words):
    assert said(words, "1", "2") == {"Pipe": (2, 100, "%")}
    assert said(words + " -b", "1024") == {"Pipe": (1024, 2048, "B")}


def test_lines_are_counted_as_lines():
    assert said("-nbl", "7") == {"Pipe": (7, None, "lines")}


def test_more_than_all_shows_that_the_size_was_wrong():
    assert said("-n -s 1k", "40", "140", "50") == {"Pipe": (None, None, None)}
    assert said("-n -b -s 1k", "1024", "2048")["Pipe"][0] == 2048


def test_a_bar_with_a_name_is_read_too():
    assert said("-N disk", "disk: 1.00MiB 0:00:05 [ 200KiB/s] [ <=> ]") == {
        "Pipe": (1 << 20, None, "B")
    }


def test_text_is_no_number():
    assert said("-n file", "pv: file: No such file or directory", "12 monkeys") == {}
