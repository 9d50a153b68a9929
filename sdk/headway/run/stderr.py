"""Headway's own messages beside a command's output, on standard error where there is one."""

from __future__ import annotations

import sys


def own_verb() -> str:
    """Return the verb that this process was called by: `headway patch` runs commands, too."""
    return "patch" if sys.argv[1:2] == ["patch"] else "run"


def print_error(text: str, verb: str | None = None) -> None:
    """Print a line that starts with `headway` and its `verb`, or `own_verb`; never raise."""
    verb = verb or own_verb()
    try:
        sys.stderr.write(f"headway {verb}: {text}\n")
    except (AttributeError, OSError):
        pass  # it is closed, or full: the exit status has to do
