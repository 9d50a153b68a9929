"""Headway's own messages beside a command's output, on standard error where there is one."""

from __future__ import annotations

import sys


def print_error(text: str, verb: str = "run") -> None:
    """Print a line that starts with `headway` and its `verb`; never raise."""
    try:
        sys.stderr.write(f"headway {verb}: {text}\n")
    except (AttributeError, OSError):
        pass  # it is closed, or full: the exit status has to do
