"""The line that stays on a terminal of an ended operation, and how it is written there. Pure."""

from __future__ import annotations

from headway import string_width
from headway.formatting.outcome import display_name, error_text, outcome_texts
from headway.formatting.theme import STOPPED, STYLES, Line, Theme
from headway.model import Operation
from headway.states import COMPLETED, CRASHED, FAILED

NAME_LEAST = 10  # cells of the name at least
REASON_LEAST = 12  # cells of a reason: of fewer nobody knows what it was
_ERASE_LINE = "\x1b[K"  # from the cursor to the end of the line


def receipt_line(
    operation: Operation,
    theme: Theme,
    width: int,
    name: str | None = None,
    message: str | None = None,
    *,
    reason: bool = False,
) -> Line:
    """Return the receipt of an ended operation in at most `width` cells.

    `name` and `message` are said instead of its own name and outcome. With `reason` it says why
    what has failed did, as far as there is room.
    """
    shown = STOPPED if operation.stopped else operation.state
    sign, style = theme.signs[shown], STYLES[shown]
    if width < 4:
        return [(style, string_width.head(sign, width))]
    name = theme.spell(display_name(operation) if name is None else name)
    texts = outcome_texts(operation) if message is None else (message,)
    room = width - 2
    why = theme.spell(_reason(operation)) if reason and message is None else ""
    left = room - string_width.cells(name) - 2
    taken = string_width.cells(theme.spell(texts[0])) + 2
    if why and left - taken >= REASON_LEAST:
        told = string_width.clip_words(why, left - taken, theme.ellipsis)
        texts = (f"{texts[0]}: {told}", *texts)
    # The name is not lost in a long reason.
    least = min(string_width.cells(name), max(NAME_LEAST, room // 3))
    left = room - least - 2
    said = string_width.first_fit([theme.spell(text) for text in texts], left)
    message = string_width.clip(said, left, theme.ellipsis)
    name = _cut(name, room - string_width.cells(message) - 2, theme.ellipsis)
    gap = "  " if name else ""
    style_said = "" if operation.state == COMPLETED else style
    return [(style, sign), ("", f" {name}{gap}"), (style_said, message)]


def _cut(name: str, width: int, ellipsis: str) -> str:
    """Return a name cut to `width` cells, with its numbers: they tell it from others like it."""
    cut = string_width.squeeze(name, width, ellipsis)
    numbers = [word for word in name.split() if any(map(str.isdigit, word))]
    if all(word in cut for word in numbers):
        return cut
    other = string_width.clip_words(name, width, ellipsis)
    return other if all(word in other for word in numbers) else cut


def _reason(operation: Operation) -> str:
    """Return why an operation broke; "" of a command, whose output has it, and stands above."""
    if operation.state not in (FAILED, CRASHED) or operation.coarser is not None:
        return ""
    return error_text(operation)


def receipt_sequence(lines: list[str], columns: int) -> str:
    """Return what prints lines that stay, on a fresh line whatever the column of the cursor.

    As many spaces as there are columns reach the next line from every column but the first;
    there the cursor stays on its line, because terminals wrap only with the next character.
    """
    if not lines:
        return ""
    fresh = f"{' ' * columns}\r{_ERASE_LINE}"
    return fresh + "".join(f"{line}\r\n" for line in lines)
