"""Whether a command reads keys from the terminal of its output, as pagers do.

`less` opens the terminal of its standard error by name, `more` reads from standard error: from our
pty. All others read the real terminal, and nothing is passed on.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.run.streams.output_terminal import OutputTerminal

# Seconds between two looks at the command's descriptors: at first less than a person needs to
# press a key once the screen has come. A program that did not read from the pty then hardly will.
LOOK_INTERVAL = 0.1
LONGEST_INTERVAL = 2.0


class PagerKeys:
    """Tells whether keys are to be passed on to the command behind `terminal`.

    `reads` looks whether the command has opened its pty to read from it.
    """

    def __init__(self, terminal: OutputTerminal, reads: Callable[[], bool]) -> None:
        self._terminal = terminal
        self._reads = reads
        self._found = False
        self._interval = LOOK_INTERVAL
        self._look_at = 0.0

    def wanted(self) -> bool:
        """Return whether the command reads single keys from its pty, in the foreground."""
        terminal = self._terminal
        if not (terminal.changed and terminal.foreground and terminal.gives_keys):
            self._found, self._interval, self._look_at = False, LOOK_INTERVAL, 0.0
            return False
        now = time.monotonic()
        if now >= self._look_at:
            self._found = self._reads()
            self._interval = (
                LOOK_INTERVAL if self._found else min(self._interval * 1.5, LONGEST_INTERVAL)
            )
            self._look_at = now + self._interval
        return self._found
