"""How an operation stands, in words: what it waits for, that it stands still, why it broke.

Pure. The texts contain what workers sent: pass them through `Theme.spell` before drawing.
"""

from __future__ import annotations

import re

from headway.formatting.outcome import error_text
from headway.formatting.theme import STOPPED
from headway.model import Operation
from headway.states import PAUSED, PENDING, RUNNING, STOPPING, WAITING
from headway_viewer import formatting


def stall_text(operation: Operation, now: float) -> str:
    """Return "no progress for 40 s"; "" while its counts move, or move as slowly as ever."""
    if operation.stalled_since is None or not operation.open:
        return ""
    return f"no progress for {formatting.duration(now - operation.stalled_since)}"


def stopped_text(operation: Operation, now: float) -> str:
    """Return "stopped for 42 s"; "" unless the process of the operation is stopped."""
    since = operation.stopped_since
    return "" if since is None else f"{STOPPED} for {formatting.duration(now - since)}"


def contact_text(unheard: float | None, no_broker: float | None, now: float) -> str:
    """Return "host not heard for 42 s" or "host up, no broker for 42 s", from when on it is so.

    "" where it is neither.
    """
    if unheard is not None:
        return f"host not heard for {formatting.duration(now - unheard)}"
    if no_broker is not None:
        return f"host up, no broker for {formatting.duration(now - no_broker)}"
    return ""


_HOLDER_PROCESS = re.compile(r",? held by process \d+(?: \([^)]*\))?$")


def waiting_text(operation: Operation, since: float | None, now: float) -> str:
    """Return "waiting 42 s for the dpkg lock", "paused 42 s", or "stopping 4 s (…)"."""
    reason = operation.reason
    if not reason:
        waits = (stage for stage in operation.stages.values() if stage.state == WAITING)
        reason = next((stage.reason for stage in waits if stage.reason), None)
    if reason and operation.holder:
        reason = _HOLDER_PROCESS.sub("", reason)  # a detail line names the holding operation
    words = held_word(operation) or WAITING
    if since is not None:
        words += f" {formatting.duration(now - since)}"
    if operation.stopping:
        words += (operation.reason or "")[len(STOPPING) :]
    elif reason and not operation.paused:
        words += awaited_text(reason)
    return words


def held_word(operation: Operation) -> str:
    """Return "paused" or "stopping" of an operation that a request holds, else ""."""
    return PAUSED if operation.paused else STOPPING if operation.stopping else ""


def awaited_text(reason: str | None) -> str:
    """Return " for the dpkg lock" of a reason with or without its preposition; "" of none."""
    if not reason:
        return ""
    return f" {reason}" if reason.startswith(("for ", "on ", "until ")) else f" for {reason}"


def coming_text(operation: Operation) -> str:
    """Return "then Configure, Triggers": the stages of a running plan that have not begun."""
    stages = operation.stages.values()
    if operation.state != RUNNING or not any(stage.state == RUNNING for stage in stages):
        return ""
    coming = [stage.name for stage in stages if stage.state == PENDING and stage.parent is None]
    return f"then {', '.join(coming)}" if coming else ""


def error_lines(operation: Operation, most: int) -> list[str]:
    """Return why an operation broke: its error, then the last of the lines that it printed."""
    error = error_text(operation)
    lines = [error] if error else []
    # The printed line may have a prefix: "E: ".
    told = [line for line in operation.tail if line.strip() and not line.endswith(tuple(lines))]
    room = most - len(lines)
    return [*lines, *(told[-room:] if room > 0 else ())][:most]
