"""The options, output and error messages that the commands share."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, TextIO

from headway.commands.arguments import ArgumentParser
from headway.commands.standard_streams import silence_stdout
from headway.formatting import theme
from headway.formatting.duration import seconds_of
from headway.host import terminfo

CLOCK_HELP = "tell when it will be done, of short work, too; it is told of long work"
LABEL_HELP = "those with the label K=V; may be repeated: with all of them"
OP_HELP = "an operation: the beginning of its id, or its name"


def make_parser(verb: str, about: str, examples: str) -> argparse.ArgumentParser:
    """Return the parser of a command, with `about` and one example a line in its help.

    The examples stand above the groups of options that are added later.
    """
    parser = ArgumentParser(
        prog=f"headway {verb}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    # A group, and no epilog: those of options that few need stand below it.
    parser.add_argument_group("examples", examples)
    return parser


def seconds(text: str) -> float:
    """Parse a duration in seconds. Raise `argparse.ArgumentTypeError`."""
    value = _number(text)
    if value is None or not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def label(text: str) -> tuple[str, str]:
    """Parse a label, KEY=VALUE. Raise `argparse.ArgumentTypeError`."""
    key, equals, words = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no label KEY=VALUE")
    return key, words


def port(text: str) -> int:
    """Parse the number of a port. Raise `argparse.ArgumentTypeError`."""
    value = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= value < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return value


def duration(text: str) -> float:
    """Parse a duration, as "90s", "5m", "1h30m" or "2d", or seconds, as "90"; in seconds.

    Raise `argparse.ArgumentTypeError`.
    """
    value = seconds_of(text)
    if value is None and _number(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration, such as 90s, 5m, 1h30m or 2d")
    return seconds(text if value is None else str(value))


def positive(text: str) -> float:
    """Parse a number above 0. Raise `argparse.ArgumentTypeError`."""
    value = _number(text)
    if value is None or not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def stream_theme(stream: TextIO) -> theme.Theme:
    """Return the theme whose signs and colours a stream can show."""
    coloured = terminfo.coloured(terminal=stream.isatty(), environ=os.environ)
    return theme.for_encoding(stream.encoding, coloured=coloured)


def print_lines(lines: list[Any]) -> int:
    """Print lines on standard output; return the exit status, 0."""
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return silence_stdout()
    return 0


def print_error(verb: str, what: str, status: int) -> int:
    """Print an error on standard error; return `status`."""
    sys.stderr.write(f"headway {verb}: {what}\n")
    return status


def spelled(words: str) -> str:
    """Return text that a worker sent, safe to print on standard error."""
    return stream_theme(sys.stderr).spell(words)
