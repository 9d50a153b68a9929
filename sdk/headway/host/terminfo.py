"""Whether a terminal has colours, by what terminfo knows of its `TERM`, and room for a text.

The entry's file is read as term(5) describes it: `curses` is not part of every Python, and would
keep its idea of the terminal for the whole program.
"""

from __future__ import annotations

import os
import shutil
import sys

from headway.async_exceptions import reraise_async
from headway.formatting import theme
from headway.formatting.help_text import fold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

FOLDERS = ("/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo")
SIZE_LIMIT = 1 << 15  # bytes of an entry: the largest has a tenth
WIDTH = 100  # columns of help as it is written, and of what is no terminal
_MAGIC = {0o432: 2, 0o1036: 4}  # of the file → the bytes of a number in it
_MAX_COLORS = 13  # its place among the numbers, in term.h
_HEADER = 12  # bytes: six short numbers


def coloured(*, terminal: bool, environ: Mapping[str, str]) -> bool:
    """Return whether to use colours: as the theme has it, and not on a terminal without any.

    Of a terminal that terminfo does not know it is assumed that it has some.
    """
    if not theme.coloured(terminal, environ):
        return False
    if not terminal or environ.get("FORCE_COLOR") or environ.get("COLORTERM"):
        return True
    number = colours(environ)
    return number is None or number > 0


def colours(environ: Mapping[str, str]) -> int | None:
    """Return how many colours the terminal has, 0 for none; None where no entry tells."""
    name = environ.get("TERM", "")
    if not name or "/" in name or name.startswith("."):
        return None
    for folder in _folders(environ):
        for letter in (name[0], f"{ord(name[0]):x}"):  # the latter on macOS
            try:
                with open(os.path.join(folder, letter, name), "rb") as file:
                    return _max_colours(file.read(SIZE_LIMIT))
            except (OSError, ValueError) as error:
                reraise_async(error)
                continue
    return None


def _folders(environ: Mapping[str, str]) -> list[str]:
    """Return the folders of entries, in the order in which ncurses looks into them."""
    found = [environ["TERMINFO"]] if environ.get("TERMINFO") else []
    if environ.get("HOME"):
        found.append(os.path.join(environ["HOME"], ".terminfo"))
    found += [folder for folder in environ.get("TERMINFO_DIRS", "").split(":") if folder]
    return [*found, *FOLDERS]


def _max_colours(entry: bytes) -> int | None:
    """Return the `max_colors` of an entry, 0 where it has none; None if it cannot be read."""
    size = _MAGIC.get(int.from_bytes(entry[:2], "little"))
    if size is None or len(entry) < _HEADER:
        return None
    names, flags, numbers = (
        int.from_bytes(entry[at : at + 2], "little", signed=True) for at in (2, 4, 6)
    )
    if numbers <= _MAX_COLORS:
        return 0
    start = _HEADER + names + flags
    start += start % 2 + _MAX_COLORS * size
    value = entry[start : start + size]
    return max(int.from_bytes(value, "little", signed=True), 0) if len(value) == size else None


def columns() -> int:
    """Return the columns that a text may take: of the terminal, or `WIDTH` where there is none."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


def show_help(text: str) -> None:
    """Print a text on standard output, folded to its terminal."""
    sys.stdout.write(fold(text, columns()))
