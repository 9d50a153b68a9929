"""Processes that this one ends: multiprocessing, subprocess, loky and psutil do so by `os.kill`.

A worker that its parent ends by a signal tells nothing more. That it was its parent, and no fault,
the parent tells before it sends the signal.
"""

from __future__ import annotations

import os
import sys

from headway_patch.async_exceptions import reraise_async
from headway_patch.lines import connection, tell_counts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The signals that end no process that does not catch them.
_HARMLESS = ("SIGCHLD", "SIGCONT", "SIGURG", "SIGWINCH", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU")


def watch() -> None:
    """Wrap `os.kill`: from now on it says first which process is to end."""
    kill = os.kill
    if hasattr(kill, "_headway"):
        return

    def kill_then(*arguments: Any) -> None:
        if len(arguments) == 2:
            _tell(*arguments)
        kill(*arguments)

    kill_then.__name__ = kill_then.__qualname__ = "kill"
    kill_then.__module__ = "os"
    kill_then.__doc__ = kill.__doc__
    kill_then._headway = True  # type: ignore[attr-defined]
    os.kill = kill_then


def _tell(pid: Any, number: Any) -> None:
    try:
        if type(pid) is int and pid > 1 and _ends(int(number)):
            if pid == os.getpid():
                tell_counts()
            else:
                connection().send(f"ends {pid}")
    except Exception as error:
        reraise_async(error)


def _ends(number: int) -> bool:
    signal = sys.modules.get("_signal")  # built in, and loaded before any program
    return number > 0 and number not in [getattr(signal, name, None) for name in _HARMLESS]
