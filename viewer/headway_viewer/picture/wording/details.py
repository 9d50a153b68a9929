"""The details below the row of an operation: its parts that run, what it waits for, why it broke.

Pure. The texts contain what workers sent: pass them through `Theme.spell` before drawing.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

from headway.formatting.outcome import display_name, main_stage, sole_stage
from headway.model import Operation, Stage
from headway.states import CRASHED, FAILED, RUNNING, WAITING
from headway_viewer import formatting
from headway_viewer.picture.board import Board
from headway_viewer.picture.remaining import blank_if_unknown, late_text, remaining_estimate
from headway_viewer.picture.wording.active_stage import active_stage, shown_part
from headway_viewer.picture.wording.counts import (
    counted_text,
    shown_count,
    stage_text,
    summed_fraction,
    total_text,
)
from headway_viewer.picture.wording.estimate_basis import work_text
from headway_viewer.picture.wording.groups import by_name, group_fraction, group_texts, spread_text
from headway_viewer.picture.wording.standing import error_lines, stall_text
from headway_viewer.replica.ranks import latest_job
from headway_viewer.replica.setbacks import Setback


class Detail(NamedTuple):
    """A line below the row of an operation.

    Of a part whose count is a `fraction` of a known total, `name` and `rest` are what stands
    before and behind its bar; `text` is the line without one.
    """

    text: str
    fraction: float | None = None
    name: str = ""
    rest: str = ""


def details(operation: Operation, board: Board, now: float, most: int) -> list[Detail]:
    """Return at most `most` details of an operation, the most important first."""
    if operation.state in (FAILED, CRASHED):
        return [Detail(line) for line in error_lines(operation, most)]
    if not operation.open:
        return []
    found = [Detail(line) for line in _holder_line(operation, board, now)]
    stalled = stall_text(operation, now)
    if stalled:
        found.append(Detail(stalled))
    found.extend(_activities(operation, board.replica.setbacks.of(operation.id, now), now))
    found.extend(_children(board, operation))
    spread = spread_text(board.ranks(operation.id))
    if spread:
        found.insert(0, Detail(spread))
    done = work_text(operation)
    if done and not _counts(operation) and next(iter(board.children(operation.id)), None) is None:
        found.append(Detail(done))
    if operation.unlike and not late_text(operation, now):  # which the row says, and for how long
        found.append(Detail("unlike earlier runs"))
    return found[:most]


def detail_lines(operation: Operation, board: Board, now: float, most: int) -> list[str]:
    """Return the texts of the `details` of an operation."""
    return [detail.text for detail in details(operation, board, now, most)]


def _counts(operation: Operation) -> bool:
    """Return whether a stage that runs tells how far it is."""
    return any(
        stage.state == RUNNING and (stage.total or shown_count(stage))
        for stage in operation.stages.values()
    )


def _holder_line(operation: Operation, board: Board, now: float) -> Iterator[str]:
    """Yield the holder of the lock: "held by 2c9 apt install postgresql, about 1 min"."""
    holder = board.replica.operations.get(operation.holder or "")
    if holder is not None:
        words = f"held by {board.short_id(holder.id)} {display_name(holder)}"
        left = blank_if_unknown(
            formatting.estimate_text(remaining_estimate(holder, board, now), None, 0.0)
        )
        yield f"{words}, {left}" if left else words


def _activities(operation: Operation, setback: Setback | None, now: float) -> Iterator[Detail]:
    """Yield a detail for each running leaf stage; stages of the same name share one."""
    setback_text = setback.text if setback is not None else ""
    stage = sole_stage(operation)
    if stage is not None:
        # The row shows its counts; the operation of a `track` loop has its name already.
        title = "" if stage.name in operation.name else stage.name
        busy = stage.reason if stage.state == WAITING else stage.detail
        if stage.left:  # the row says so
            return
        words = f"{title} {busy or ''}".strip()
        words = ", ".join(part for part in (words, setback_text) if part)
        if words and stage.open:
            yield Detail(words)
        return
    running = [stage for stage in operation.stages.values() if stage.state in (RUNNING, WAITING)]
    parents = {stage.parent for stage in running}
    leaves = [stage for stage in running if stage.id not in parents]
    in_row = active_stage(operation) if operation.state == RUNNING else None
    main = main_stage(operation)
    if main is not None and shown_count(main):
        in_row = main
    told = {stage.id for stage in (in_row, main) if stage is not None}
    named: dict[tuple[int, str], list[Stage]] = {}
    for leaf in leaves:
        around = _around(operation, leaf)
        for depth, stage in enumerate((*around, leaf)):
            counts = (
                stage.state == RUNNING and (stage.shown or stage.total) and stage.id not in told
            )
            if stage is leaf or counts:
                told.add(stage.id)
                named.setdefault((depth, stage.name), []).append(stage)
    lone = [same_name[0].id for same_name in named.values() if len(same_name) == 1]
    if setback is not None and setback.stage not in lone:
        yield Detail(setback_text)
    for (_, name), same_name in named.items():
        if len(same_name) > 1:
            title, counted = f"{name}, {len(same_name)} at once", total_text(same_name)
            yield Detail(title + counted, summed_fraction(same_name), title, counted.strip())
        else:
            back = setback is not None and setback.stage == same_name[0].id
            detail = _of_stage(
                operation, same_name[0], setback_text if back else "", same_name[0] is in_row, now
            )
            if detail.text:
                yield detail


def _around(operation: Operation, stage: Stage) -> list[Stage]:
    """Return the stages that a stage is inside of, the outermost first."""
    found: list[Stage] = []
    over = stage.parent
    while over is not None and len(found) < len(operation.stages):
        outer = operation.stages.get(over)
        if outer is None:
            break
        found.append(outer)
        over = outer.parent
    return found[::-1]


def _of_stage(
    operation: Operation, stage: Stage, setback_text: str, in_row: bool, now: float
) -> Detail:
    """Return the detail of a running leaf stage; the row has its count if it is `in_row`."""
    text = (stage.detail or "") if in_row else stage_text(operation, stage, now)
    text = ", ".join(part for part in (text, setback_text) if part)
    if stage.state == WAITING or stage.left:
        return Detail(text)
    if in_row:  # so has it the bar
        return Detail(text)
    counted = counted_text(operation, stage, now)[len(stage.name) :].strip(", ")
    rest = f"{counted} {stage.detail or ''}".strip()
    rest = ", ".join(part for part in (rest, setback_text) if part)
    return Detail(text, stage.fraction(), stage.name, rest)


def _children(board: Board, operation: Operation) -> Iterator[Detail]:
    """Yield a detail for each name of child operations: "rows, 8 workers 480/1,200"."""
    part = shown_part(operation, board) if operation.state == RUNNING else None
    for same_name in map(latest_job, by_name(board.children(operation.id)).values()):
        if part is not None and same_name == [part[0]]:  # its count is in the row
            busy = f": {part[1].detail}" if part[1].detail else ""
            yield Detail(display_name(part[0]) + busy)
        elif any(child.open or child.state in (FAILED, CRASHED) for child in same_name):
            name, counted = group_texts(same_name)
            yield Detail(name + counted, group_fraction(same_name), name, counted.strip(",: "))
