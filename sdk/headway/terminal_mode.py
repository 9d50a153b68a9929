"""The mode of a terminal that may be relayed to a command's pty, told by its own settings.

`headway run` puts the real terminal into raw mode while the command has a controlling pty of its
own. Whoever draws at that terminal must know the mode of the pty instead. It is kept in a
control character that has no meaning in raw mode, so it lives and dies with the mode.
"""

from __future__ import annotations

import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

    Attributes = List[Any]  # as termios.tcgetattr gives them

LINE = "line"  # the usual: lines are edited and echoed
SECRET = "secret"  # noqa: S105 - lines without echo: a password is being typed
RAW = "raw"  # a program has the whole screen to itself

_LFLAG, _CC = 3, 6
_MARKS = {LINE: b"\xf5", SECRET: b"\xf6", RAW: b"\xf7"}


def line_mode(attributes: Attributes) -> str:
    """Return LINE, SECRET or RAW for a terminal, or for the pty that it is relayed to."""
    flags = attributes[_LFLAG]
    if flags & termios.ICANON:
        return LINE if flags & termios.ECHO else SECRET
    mark = attributes[_CC][termios.VEOL]
    return LINE if mark == _MARKS[LINE] else SECRET if mark == _MARKS[SECRET] else RAW


def is_relayed(attributes: Attributes) -> bool:
    """Return whether a terminal is in raw mode for a command that has a pty of its own."""
    return (
        not attributes[_LFLAG] & termios.ICANON and attributes[_CC][termios.VEOL] in _MARKS.values()
    )


def raw_attributes(attributes: Attributes, mode: str) -> Attributes:
    """Return raw attributes for a terminal that is relayed to a pty in `mode`."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = attributes
    iflag &= ~(
        termios.IGNBRK
        | termios.BRKINT
        | termios.PARMRK
        | termios.ISTRIP
        | termios.INLCR
        | termios.IGNCR
        | termios.ICRNL
        | termios.IXON
    )
    oflag &= ~termios.OPOST
    lflag &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    cflag = cflag & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    cc = list(cc)
    cc[termios.VMIN], cc[termios.VTIME], cc[termios.VEOL] = 1, 0, _MARKS[mode]
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]


def usual_attributes(attributes: Attributes) -> Attributes:
    """Return the usual attributes of a terminal that has others, as near as can be told."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, cc = attributes
    iflag |= termios.ICRNL | termios.IXON
    oflag |= termios.OPOST
    lflag |= termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN
    cc = list(cc)
    cc[termios.VEOL] = b"\0"
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]


def with_changes(attributes: Attributes, before: Attributes, after: Attributes) -> Attributes:
    """Return `attributes` with what differs between `before` and `after`.

    Flags and control characters, and only those that differ: a program may set some modes through
    its output and others through its input, as nano does.
    """
    result = list(attributes)
    for word in range(4):
        changed = before[word] ^ after[word]
        result[word] = attributes[word] & ~changed | after[word] & changed
    result[_CC] = [
        old if was == now else now
        for old, was, now in zip(attributes[_CC], before[_CC], after[_CC])
    ]
    return result
