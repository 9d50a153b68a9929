"""Find the first program that a shell is told to run by `-c`, for the name of a recipe of make.

Pure. Of the text nothing else is shown: not a word that a shell would expand, quote or assign, nor
one that stands behind a word of the shell itself, such as `echo`.
"""

from __future__ import annotations

import re

from headway.run.reading.command_line import Command, option_set

_SHELLS = option_set("sh bash dash zsh ksh")
_COMMAND_END = re.compile(r"[;&|()\n]+")
_PROGRAM = re.compile(r"(?:[A-Za-z0-9._+-]*/)*([A-Za-z][A-Za-z0-9._+-]*)$")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_LEADING = option_set("then do else if elif while until { ! time exec command env nohup nice sudo")
_OWN = option_set(
    "for case select function in esac fi done } cd set export echo printf read test [ [[ true"
    " false : . source eval kill trap umask ulimit unset shift local return exit wait sleep mkdir"
)


def first_program(command: Command) -> str | None:
    """Return the name of the first program, or None where there is none to be told."""
    words = command.words
    if command.program not in _SHELLS or len(words) < 2 or not words[0].startswith("-"):
        return None
    if not words[0].endswith("c"):
        return None
    for part in _COMMAND_END.split(words[1]):
        rest = part.split()
        while rest and (rest[0] in _LEADING or _ASSIGNMENT.match(rest[0])):
            rest.pop(0)
        if not rest or rest[0] in _OWN:
            continue
        match = _PROGRAM.match(rest[0])
        return match.group(1) if match else None
    return None
