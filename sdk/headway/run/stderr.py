"""What Headway itself has to say beside a command, on standard error, if there is one."""

from __future__ import annotations

import sys


def complain(text: str, verb: str = "run") -> None:
    """Print a line that names `headway` and its `verb`; never raises."""
    try:
        sys.stderr.write(f"headway {verb}: {text}\n")
    except (AttributeError, OSError):
        pass  # it is closed, or full: the exit status has to do
