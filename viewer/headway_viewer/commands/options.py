"""The options, output and error messages that the commands share."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, TextIO

from headway.formatting import theme

CLOCK_HELP = "tell when it will be done, of short work, too; it is told of long work"
OP_HELP = "an operation: the beginning of its id, or its name"


def make_parser(verb: str, about: str, examples: str) -> argparse.ArgumentParser:
    """Return the parser of a command, with `about` and one example a line in its help."""
    indented = "".join(f"\n  {line}" for line in examples.splitlines())
    return argparse.ArgumentParser(
        prog=f"headway {verb}",
        description=about,
        epilog=f"examples:{indented}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def seconds(text: str) -> float:
    """Parse a duration in seconds. Raise `argparse.ArgumentTypeError`."""
    value = _number(text)
    if value is None or not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def duration(text: str) -> float:
    """Parse a duration with a unit, as "90s", "5m", "1h" or "2d", in seconds.

    Raise `argparse.ArgumentTypeError`.
    """
    digits = text.rstrip("smindh")
    unit = _UNITS.get(text[len(digits) :])
    if unit is None or _number(digits) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; 90s, 5m, 1h and 2d are")
    return seconds(digits) * unit


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
    terminal = stream.isatty()
    return theme.for_encoding(stream.encoding, coloured=theme.coloured(terminal, os.environ))


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


def silence_stdout() -> int:
    """Point standard output at /dev/null once its reader has gone; return the exit status, 0.

    Otherwise Python reports a broken pipe when it flushes at exit.
    """
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
    return 0


def spelled(words: str) -> str:
    """Return text that a worker sent, safe to print on standard error."""
    return stream_theme(sys.stderr).spell(words)
