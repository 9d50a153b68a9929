"""Find a program as a shell does."""

from __future__ import annotations

import os

# What a shell does itself: no program, or one that changes nothing for its caller.
BUILTINS = (
    *(".", "alias", "bg", "cd", "declare", "eval", "exec", "export", "fg", "jobs", "let", "local"),
    *("popd", "pushd", "read", "set", "shopt", "source", "trap", "ulimit", "umask", "unset"),
)
SHELL_SIGNS = frozenset(" \t\n;|&<>$`*?(){}=")


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
        return f"{program}: {kind}{shell_hint(program)}", 127
    if os.path.isdir(path):
        return f"{program}: Is a directory", 126
    if not os.access(path, os.X_OK):
        return f"{program}: Permission denied", 126
    return None


def shell_hint(program: str) -> str:
    """Return what to say instead of a word that is no program, but means something to a shell.

    It is "" of any other word.
    """
    if program in BUILTINS:
        return f"; it is a part of the shell: sh -c '{program} …' runs it"
    if not SHELL_SIGNS.isdisjoint(program):
        return "; what is written for a shell, one runs: sh -c '…'"
    if program.endswith(".py") and os.path.isfile(program):
        return f"; did you mean `python {program}`?"
    return ""
