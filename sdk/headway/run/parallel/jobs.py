"""The commands of one `headway run`: parts separated by `:::`, or the lines of a file.

Pure. A command is a list of words; nothing here is a shell.
"""

from __future__ import annotations

import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, NamedTuple
else:
    from headway.light_typing import NamedTuple

SEPARATOR = ":::"
_SHELL_ONLY = frozenset("|&;<>()")


class Job(NamedTuple):
    """A command, and where it was given, as text for a person."""

    argv: list[str]
    where: str


class BadJob(Exception):
    """A part or a line is no command; the text says which, and why."""


def separates(words: list[str]) -> bool:
    """Return whether `words` are several commands: `:::` comes, and before any `--`."""
    return SEPARATOR in words[: words.index("--")] if "--" in words else SEPARATOR in words


def split_parts(words: list[str]) -> list[Job]:
    """Return the commands between `:::`. Raise `BadJob` where one is empty.

    After a `--` every word belongs to the command that it stands in.
    """
    end = words.index("--") if "--" in words else len(words)
    parts: list[list[str]] = [[]]
    for word in words[:end]:
        if word == SEPARATOR:
            parts.append([])
        else:
            parts[-1].append(word)
    parts[-1].extend(words[end:])
    for number, part in enumerate(parts, 1):
        if not part or not part[0]:
            raise BadJob(f"command {number} of {len(parts)} is empty")
    return [Job(part, f"command {number}") for number, part in enumerate(parts, 1)]


def read_lines(lines: Iterable[str], name: str) -> list[Job]:
    """Return the commands of a file called `name`, one a line. Raise `BadJob`.

    Quotes are as in a shell. Empty lines and those that begin with `#` are passed over.
    """
    jobs = []
    for number, line in enumerate(lines, 1):
        where = f"{name}, line {number}"
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            argv = shlex.split(line)
            mark = _unquoted_mark(line)
        except ValueError as error:
            raise BadJob(f"{where}: {error}") from None
        if mark:
            raise BadJob(f"{where}: {mark} is for a shell: write sh -c '…'")
        if not argv[0]:
            raise BadJob(f"{where}: the name of the command is empty")
        jobs.append(Job(argv, where))
    if not jobs:
        raise BadJob(f"{name} has no command")
    return jobs


def _unquoted_mark(line: str) -> str:
    """Return the first character outside quotes that only a shell understands, or ""."""
    quote = ""
    escaped = False
    for character in line:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _SHELL_ONLY:
            return character
    return ""


def labels_of(names: list[str]) -> list[str]:
    """Return names of which none comes twice: "sh", "sh (2)", which is no argument of "sh"."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
