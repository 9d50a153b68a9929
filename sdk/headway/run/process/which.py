"""Find a program as a shell does."""

from __future__ import annotations

import os

# What a shell runs itself, and the signs of a line that is written for one.
_SHELL_WORDS = frozenset((".", "alias", "cd", "eval", "export", "set", "source", "ulimit", "unset"))
_SHELL_SIGNS = frozenset(" \t\n;|&<>$`(){}*")


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


def reason_against(program: str, path: str | None) -> tuple[str, int] | None:
    """Return why a program cannot be run, and the exit status that says so; None if it can."""
    if path is None:
        kind = "No such file or directory" if "/" in program else "command not found"
        return f"{program}: {kind}{_hint(program)}", 127
    if os.path.isdir(path):
        return f"{program}: Is a directory", 126
    if not os.access(path, os.X_OK):
        return f"{program}: Permission denied", 126
    return None


def _hint(program: str) -> str:
    """Return how what was not found could be run, in words that follow; "" where nobody knows."""
    if program in _SHELL_WORDS:
        return f"; a shell knows it: sh -c '{program} …'"
    if program.endswith(".py") and os.path.isfile(program):
        return f"; to run that file: python {program}"
    if "/" not in program and os.path.isfile(program):
        return f"; to run that file: ./{program}"
    if not _SHELL_SIGNS.isdisjoint(program):
        return "; a line for the shell is one argument of it: sh -c '…'"
    return ""
