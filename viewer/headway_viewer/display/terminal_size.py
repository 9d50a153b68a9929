"""The size of a terminal, with defaults where it has none."""

from __future__ import annotations

import os
from typing import TextIO


def terminal_size(descriptor: int) -> tuple[int, int]:
    """Return the columns and rows of a terminal now; 80 by 24 where they are unknown."""
    try:
        columns, rows = os.get_terminal_size(descriptor)
    except OSError:
        columns, rows = 0, 0
    return columns or 80, rows or 24


def stream_columns(stream: TextIO) -> int:
    """Return the columns of the terminal behind a stream; 100 if there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 100
