"""The size of a terminal, with defaults where it has none."""

from __future__ import annotations

import os
import stat
from typing import Mapping, TextIO


def terminal_size(descriptor: int) -> tuple[int, int]:
    """Return the columns and rows of a terminal now; 80 by 24 where they are unknown."""
    try:
        columns, rows = os.get_terminal_size(descriptor)
    except OSError:
        columns, rows = 0, 0
    return columns or 80, rows or 24


def stream_columns(stream: TextIO, environ: Mapping[str, str], beside: int = 2) -> int:
    """Return the columns of the terminal behind a stream; if there is none, `COLUMNS`, or 100.

    What reads a pipe prints on the terminal in front of the person: that of the descriptor
    `beside`, standard error, or else the controlling one has the columns then.
    """
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return _number(environ.get("COLUMNS", "")) or _columns_behind_pipe(stream, beside) or 100


def _columns_behind_pipe(stream: TextIO, beside: int) -> int:
    """Return the columns of the terminal beside a stream that is a pipe, or 0."""
    try:
        if not stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
            return 0
    except (OSError, ValueError):
        return 0
    try:
        return os.get_terminal_size(beside).columns
    except OSError:
        pass
    try:
        controlling = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return 0
    try:
        return os.get_terminal_size(controlling).columns
    except OSError:
        return 0
    finally:
        os.close(controlling)


def stream_lines(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return the rows of the terminal behind a stream; if there is none, `LINES`, or 24."""
    try:
        return os.get_terminal_size(stream.fileno()).lines or 24
    except (OSError, ValueError):
        return _number(environ.get("LINES", "")) or 24


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
