"""Which program a process runs, by what only exec changes; pure.

A process that becomes another program by exec keeps its pid and its start time, and nothing
tells of it. But the kernel lays out its memory anew: where its stack begins is drawn at random,
where its code begins and ends is up to the program. Names do not count, for a program may
change its own. Absent: reading that (`processes`).
"""

from __future__ import annotations

from typing import Any, NamedTuple


class ProcessImage(NamedTuple):
    """A process, by its start time in clock ticks, and the layout of its memory."""

    started: int
    code: int
    code_end: int
    stack: int


def image_of(value: Any) -> ProcessImage | None:
    """An image as the history has it, or None where it has none."""
    numbers = [int] * len(ProcessImage._fields)
    if type(value) is not list or [type(part) for part in value] != numbers:
        return None
    return ProcessImage(*value)


def replaced(then: ProcessImage, now: ProcessImage) -> bool:
    """Whether the process has become another program, as far as both are of one process."""
    return then.started == now.started and then != now
