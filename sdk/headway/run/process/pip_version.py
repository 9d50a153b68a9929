"""The version of the pip that a command runs, read from the files around it; pip is not run."""

from __future__ import annotations

import glob
import os
import re
from typing import Mapping

from headway.run.process.which import find_program
from headway.run.reading.command_line import Command

_RELEASE = re.compile(r"pip-(\d+(?:\.\d+)*)")


def pip_version(command: Command, environ: Mapping[str, str]) -> tuple[int, ...] | None:
    """Return the version of the pip that `command` runs, the lowest where several may be meant."""
    module = command.argv[command.at - 2 : command.at - 1] == ("-m",)
    for index in range(command.at - (3 if module else 1), -1, -1):
        word = command.argv[index]
        program = None if word[:1] == "-" else find_program(word, environ.get("PATH", os.defpath))
        if program is not None:
            break
    else:
        return None
    found = _below(os.path.dirname(os.path.dirname(_interpreter(program))))
    home = environ.get("HOME")
    if home:
        found += _releases(os.path.join(home, ".local/lib/python*/site-packages"))
    return min(found) if found else None


def _interpreter(program: str) -> str:
    """Return the interpreter that a script's first line names, or the program itself."""
    try:
        with open(program, "rb") as file:
            first = file.readline(512)
    except OSError:
        return program
    if not first.startswith(b"#!"):
        return program
    words = os.fsdecode(first[2:]).split()
    return words[0] if words and "python" in words[0] else program


def _below(prefix: str) -> list[tuple[int, ...]]:
    found = _releases(os.path.join(prefix, "lib/python*/site-packages"))
    # Debian keeps the system's apart.
    found += _releases(os.path.join(prefix, "lib/python3/dist-packages"))
    return found + _releases(os.path.join(prefix, "local/lib/python*/dist-packages"))


def _releases(pattern: str) -> list[tuple[int, ...]]:
    names = glob.glob(os.path.join(pattern, "pip-*.dist-info")) + glob.glob(
        os.path.join(pattern, "pip-*.egg-info")
    )
    matches = [_RELEASE.match(os.path.basename(name)) for name in names]
    return [tuple(map(int, match.group(1).split("."))) for match in matches if match]
