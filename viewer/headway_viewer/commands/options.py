"""What the verbs have in common: their help, their streams, what they say and how they fail."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, TextIO

from headway.formatting import theme

USAGE = 2  # the exit status of wrong words
OP_HELP = "an operation: the beginning of its id, or its name"


def parser_of(verb: str, about: str, examples: str) -> argparse.ArgumentParser:
    """A parser with a line about the verb, and examples, one a line."""
    indented = "".join(f"\n  {line}" for line in examples.splitlines())
    return argparse.ArgumentParser(
        prog=f"headway {verb}",
        description=about,
        epilog=f"examples:{indented}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def seconds(text: str) -> float:
    """An argument that is a duration; raises `argparse.ArgumentTypeError`."""
    value = _number(text)
    if value is None or not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def positive(text: str) -> float:
    """An argument that is a number above 0; raises `argparse.ArgumentTypeError`."""
    value = _number(text)
    if value is None or not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def theme_of(stream: TextIO) -> theme.Theme:
    """The signs and colours that a stream can take."""
    terminal = stream.isatty()
    return theme.for_encoding(stream.encoding, coloured=theme.coloured(terminal, os.environ))


def columns_of(stream: TextIO) -> int:
    """The width of the terminal that a stream is; 100 where it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 100


def say(lines: list[Any]) -> int:
    """Print lines; returns the exit status, 0."""
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return unread()
    return 0


def complain(verb: str, what: str, status: int) -> int:
    """Say what is wrong; returns `status`."""
    sys.stderr.write(f"headway {verb}: {what}\n")
    return status


def unread() -> int:
    """Whoever read has left: nothing to complain about, not even for Python at its exit."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
    return 0
