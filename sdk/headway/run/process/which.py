"""Find a program as a shell does."""

from __future__ import annotations

import os


def find_program(program: str, path: str) -> str | None:
    """Return the first executable file of `path`, else the first file there is, or None."""
    if "/" in program:
        return program if os.path.exists(program) else None
    first = None
    for directory in path.split(os.pathsep):
        candidate = os.path.join(directory or ".", program)
        if os.path.isfile(candidate):
            if os.access(candidate, os.X_OK):
                return candidate
            first = first or candidate
    return first
