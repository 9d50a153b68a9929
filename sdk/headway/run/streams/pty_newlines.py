"""The newlines of a pty that stands before a real terminal: made once, and where they are meant.

A terminal puts a carriage return before a newline at the moment at which it is written, unless its
modes forbid it. What a command has written may still be on its way here when it sets other modes on
the real terminal, through its input, as the prompts of Python 3.13 do at every line. So the pty
does it, at that moment, and each is taken off again where the real terminal does it, too.

In raw mode the real terminal does not, and what the command writes there has one too many: that
does no harm but to a program that has the whole screen and means "one row down" (such as behind
`ssh`). For such a one the pty makes none either.
"""

from __future__ import annotations

import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.terminal_mode import Attributes

_OFLAG = 1
NEWLINES = termios.OPOST | termios.ONLCR
_SCREENS = (b"\x1b[?1049h", b"\x1b[?1047h", b"\x1b[?47h")  # the whole screen is taken
_LEFT = (b"\x1b[?1049l", b"\x1b[?1047l", b"\x1b[?47l")


class PtyNewlines:
    """The newlines of the pty behind `master`, before the terminal behind descriptor `real`."""

    def __init__(self, real: int, master: int) -> None:
        self._real = real
        self._master = master
        self._has_screen = False  # the command has taken the whole screen, and not left it
        self.withheld = 0  # the flags that the pty lacks for it

    def pass_on(self, chunk: bytes) -> bytes:
        """Return what the real terminal is to be given for what has come from the pty.

        Raise OSError, termios.error where one of them is gone.
        """
        taken = _position_of_screen(chunk, had=self._has_screen)
        self._has_screen = taken is not None
        if makes_newlines(termios.tcgetattr(self._real)):
            if self.withheld:
                self._withhold(False)
                return chunk
            return chunk.replace(b"\r\n", b"\n")
        if self.withheld:
            if taken is None:
                self._withhold(False)
            return chunk
        if taken is None:
            return chunk
        self._withhold(True)
        return chunk[:taken] + chunk[taken:].replace(b"\r\n", b"\n")

    def leave_to_terminal(self) -> None:
        """Leave them to the real terminal from now on; never raise.

        For what is relayed by who does not know of this.
        """
        try:
            self._withhold(True)
        except (OSError, termios.error):
            pass  # it is gone

    def _withhold(self, withhold: bool) -> None:
        attributes = termios.tcgetattr(self._master)
        if withhold:
            self.withheld = attributes[_OFLAG] & NEWLINES
            attributes[_OFLAG] &= ~NEWLINES
        else:
            attributes[_OFLAG] |= self.withheld
            self.withheld = 0
        termios.tcsetattr(self._master, termios.TCSANOW, attributes)


def makes_newlines(attributes: Attributes) -> bool:
    """Return whether a terminal puts a carriage return before a newline."""
    flags: int = attributes[_OFLAG]
    return flags & NEWLINES == NEWLINES


def _position_of_screen(chunk: bytes, *, had: bool) -> int | None:
    """Return from where on the whole screen is the command's at the end of `chunk`, or None."""
    taken = max(map(chunk.rfind, _SCREENS)) if b"\x1b[?" in chunk else -1
    left = max(map(chunk.rfind, _LEFT)) if b"\x1b[?" in chunk else -1
    if taken > left:
        return taken
    return 0 if had and left < 0 else None
