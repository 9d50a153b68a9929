"""The pipe from who runs several commands to the `headway run` of one of them.

Of the coordinator's end nobody else holds a copy: it closes where the coordinator is killed.
"""

from __future__ import annotations

import os

KILL = b"k"  # end the command with SIGKILL


class CoordinatorLink:
    """The reading end, inherited as `descriptor`, which the command does not inherit.

    Raise OSError where there is none.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self.wants_kill = False  # the coordinator wants the command killed
        self.is_gone = False  # the coordinator has ended, though the command goes on

    def look(self) -> bool:
        """Look whether anything has come; return whether something new has."""
        if self.is_gone:
            return False
        try:
            word = os.read(self._descriptor, 64)
        except BlockingIOError:
            return False
        except OSError:
            word = b""
        self.is_gone = not word
        self.wants_kill = self.wants_kill or KILL in word
        return True
