"""Which stage an operation is shown by: whose count stands in its row.

Pure.
"""

from __future__ import annotations

from typing import Mapping

from headway.formatting.outcome import sole_stage
from headway.model import Operation, Stage
from headway.states import RUNNING
from headway_viewer.picture.board import Board


def active_stage(operation: Operation) -> Stage | None:
    """Return the stage whose count stands for an operation of which no whole is known, or None.

    Of the outermost ones that run it is the latest that counts and has not come to its total, else
    the latest; where it counts nothing itself, a part of it that does. So what comes and goes
    beside it or inside does not take its place.
    """
    if operation.progress is not None or sole_stage(operation) is not None:
        return None
    running = {
        stage.id: stage
        for stage in operation.stages.values()
        if stage.state == RUNNING and not stage.left
    }
    outermost = [stage for stage in running.values() if stage.parent not in running]
    if len({stage.name for stage in outermost}) < len(outermost):
        return None  # those of one name have a line together
    outermost.sort(key=lambda stage: (stage.started or 0.0, stage.id), reverse=True)
    inside: dict[int | None, list[Stage]] = {}
    for stage in running.values():
        inside.setdefault(stage.parent, []).append(stage)
    for stage in outermost:
        found = _counting(stage, inside)
        if found is not None and not (found.total and (found.shown or 0) >= found.total):
            return found
    return (_counting(outermost[0], inside) or outermost[0]) if outermost else None


def _counting(stage: Stage, inside: Mapping[int | None, list[Stage]]) -> Stage | None:
    """Return the stage itself if it counts, else the first inside that does, or None.

    Without recursion: stages are as deep as a program nests them.
    """
    left = [stage]
    while left:
        one = left.pop()
        if one.shown or one.total:
            return one
        left.extend(reversed(inside.get(one.id, ())))
    return None


def shown_part(operation: Operation, board: Board) -> tuple[Operation, Stage] | None:
    """Return the stage that the row of an operation tells of, and whose it is, or None.

    It is the active one; of an operation without one that runs, that of its only open child.
    """
    stage = active_stage(operation)
    if stage is not None:
        return operation, stage
    if operation.progress is not None or any(one.open for one in operation.stages.values()):
        return None
    children = [child for child in board.children(operation.id) if child.open]
    if len(children) != 1 or children[0].state != RUNNING:
        return None
    found = active_stage(children[0]) or sole_stage(children[0])
    if found is None or found.state != RUNNING or found.left:
        return None
    return children[0], found
