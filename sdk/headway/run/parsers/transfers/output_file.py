"""Name a transfer after the file that it writes, never after its address."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.reading.command_line import Command

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*$")


def name_after_output(command: Command, *options: str) -> str:
    """Return the program with the file that one of `options` names, or the program alone."""
    for option, value in zip(command.words, command.words[1:]):
        if option in options:
            name = value.rsplit("/", 1)[-1]
            if _SAFE.match(name) and name != "null":
                return f"{command.program} {name}"
    return command.program
