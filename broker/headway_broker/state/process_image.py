"""The process image: which program a process runs, by what only exec(2) changes; pure.

A process that calls exec keeps its pid and its start time, and sends no notice. But the kernel
lays out its memory anew: the start of the stack is random, the bounds of the code belong to the
program. Names prove nothing, for a program may change its own. Absent: reading /proc
(`processes`).
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from headway.protocol.messages import IMAGE


class ProcessImage(NamedTuple):
    """The start time of a process in clock ticks, and three addresses of its memory layout."""

    started: int
    code: int
    code_end: int
    stack: int


def image_of(value: Any) -> ProcessImage | None:
    """Return the image in a value read from the history, or None if there is none."""
    numbers = [int] * len(ProcessImage._fields)
    if type(value) is not list or [type(part) for part in value] != numbers:
        return None
    return ProcessImage(*value)


def image_told(about: Mapping[str, Any]) -> ProcessImage | None:
    """Return the image that a process has told of itself in its last file, or None."""
    told = about.get(IMAGE)
    words = told.split() if type(told) is str else []
    started = about.get("started")
    if type(started) is not int or len(words) != len(ProcessImage._fields) - 1:
        return None
    return ProcessImage(started, *map(int, words)) if all(map(str.isdecimal, words)) else None


def replaced(then: ProcessImage, now: ProcessImage) -> bool:
    """Return whether one process has become another program between the two images."""
    return then.started == now.started and then != now
