"""The exit status codes of the commands that follow operations or ask the broker.

Pure. `headway run` has statuses of its own: those of its command.
"""

from __future__ import annotations

from typing import Iterable

from headway.states import CANCELLED, CRASHED, FAILED, UNJUDGED

ALL_COMPLETED = 0
SOME_FAILED = 1
USAGE = 2  # as argparse has it
REFUSED = 3  # of `cancel`, `pause`, `resume`: the operation cannot be
NO_ANSWER = 3  # of `ps`: there is a broker, which has not told what there is in time
NONE_SEEN = 4
NOT_JUDGED = 5  # nothing tells how it ended
TIMED_OUT = 124  # as timeout(1) has it
SOME_CANCELLED = 130  # as a shell has it after Ctrl+C


def exit_status(states: Iterable[str]) -> int:
    """Return the exit status for the states that operations have ended in."""
    found = set(states)
    if not found:
        return NONE_SEEN
    if found & {FAILED, CRASHED}:
        return SOME_FAILED
    if CANCELLED in found:
        return SOME_CANCELLED
    return NOT_JUDGED if UNJUDGED in found else ALL_COMPLETED
