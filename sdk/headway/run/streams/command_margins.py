"""Margins that a command sets on a terminal whose last rows a viewer may draw in.

Pure. apt behind sudo, and programs with a status bar of their own, let the rows above their bar
scroll: of so many rows as they are told that there are, which are fewer than the terminal has. The
cursor may stand below those, where nothing scrolls and lines are written over; and a viewer sets
margins of its own whenever its picture grows. So before the command's margins the screen is
scrolled until the cursor is above them, and they are set again before the command writes on.
"""

from __future__ import annotations

_MARGINS = rb"(\x1b7)?\x1b\[(\d*);?(\d*)r"
_SAVE, _RESTORE = b"\x1b7", b"\x1b8"


class CommandMargins:
    """The margins that a command has set last; `set` tells whether it has any."""

    def __init__(self) -> None:
        self._bottom = 0
        self._sequence = b""  # sets them
        self._within = False  # between a save of the cursor and its return

    @property
    def set(self) -> bool:
        """Return whether not all of the rows scroll, for all that the command has written."""
        return self._bottom > 0

    def pass_on(self, data: bytes, rows: int, told: int) -> bytes:
        """Return what the terminal of so many `rows` is given for what the command has written.

        The command is `told` of fewer; until it knows, its margins are left to the viewer.
        """
        again = b""
        if 0 < self._bottom <= told and not self._within:
            again = _SAVE + self._sequence + _RESTORE
        if b"\x1b" in data:
            data = self._scroll_before_margins(data, rows)
            saved, restored = data.rfind(_SAVE), data.rfind(_RESTORE)
            if saved != restored:  # else neither comes
                self._within = saved > restored
        return again + data

    def _scroll_before_margins(self, data: bytes, rows: int) -> bytes:
        import re  # noqa: PLC0415 - the command is not to wait for it

        out, end = [], 0
        for found in re.finditer(_MARGINS, data):
            bottom = int(found[3] or 0)
            if bottom >= rows:
                bottom = 0
            out.append(data[end : found.start()])
            end = found.start()
            more = rows - bottom
            if bottom and bottom != self._bottom:
                out.append(b"\x1bD" * more + b"\x1b[%dA" % more)
            self._bottom = bottom
            self._sequence = found[0][2:] if found[1] else found[0]
        out.append(data[end:])
        return b"".join(out)
