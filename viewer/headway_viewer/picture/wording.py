"""What is said of an operation in words: its label, how it ended, what it is busy with.

Pure, and not yet safe: whoever draws these words spells them by `Theme.spell`.
"""

from __future__ import annotations

import re
from typing import Iterator

from headway.formatting import quantity
from headway.model import CANCELLED, COMPLETED, CRASHED, FAILED, RUNNING, WAITING, Operation, Stage
from headway_viewer import formatting
from headway_viewer.picture.board import Board
from headway_viewer.picture.remaining import known, left_of
from headway_viewer.replica.setbacks import Setback

_FINISHED = (COMPLETED, "skipped")


def only_stage(operation: Operation) -> Stage | None:
    """The stage of an operation that has no other (a `track` loop), or None."""
    stages = operation.stages
    if len(stages) != 1:
        return None
    return next(iter(stages.values()))


def label(operation: Operation) -> str:
    """What an operation is called."""
    return operation.name or "(no name)"


def steps(operation: Operation) -> str:
    """Which of its stages it is at: "3/5"; "" where there are not several."""
    roots = [stage for stage in operation.stages.values() if stage.parent is None]
    if len(roots) < 2:
        return ""
    at = sum(stage.state != "pending" for stage in roots)
    return f"{at}/{len(roots)}"


def rate_of(stage: Stage, now: float) -> str:
    """How fast a stage has gone since it started."""
    if stage.started is None:
        return ""
    passed = (now if stage.ended is None else stage.ended) - stage.started
    return quantity.rate((stage.shown - stage.initial) / passed, stage.unit) if passed > 1 else ""


def took(operation: Operation) -> str:
    """How long an ended operation took; "" if it never began."""
    if operation.started is None or operation.ended is None:
        return ""
    return formatting.duration(operation.ended - operation.started)


def where(operation: Operation) -> str:
    """The stage in which an operation broke; "" if none is to be told apart."""
    if only_stage(operation) is not None:
        return ""
    broken = [stage for stage in operation.stages.values() if stage.state == operation.state]
    return broken[-1].name if broken else ""


def ended_words(operation: Operation) -> str:
    """How an ended operation ended: "2 min 4 s", "failed in Fetch after 38 s, exit 1"."""
    lasted = took(operation)
    state = operation.state
    if state == COMPLETED:
        stage = only_stage(operation)
        counted = ""
        if stage is not None and stage.shown and stage.unit != "%":
            counted = quantity.amount(stage.shown, None, stage.unit, named=True)
        words = f"{counted} in {lasted}" if counted and lasted else counted or lasted or "completed"
        said = operation.message or (stage.reason if stage is not None else None)
        return f"{words}, {said}" if said else words
    words = state
    if state == CANCELLED and operation.reason:
        by = operation.reason
        words += f" {by}" if by.startswith("by ") else ""
    place = where(operation) if state != CANCELLED else ""
    if place:
        words += f" in {place}"
    if lasted:
        words += f" after {lasted}"
    if operation.exit_status is not None and state != CANCELLED:
        words += f", exit {operation.exit_status:g}"
    if state == CANCELLED and operation.reason and not operation.reason.startswith("by "):
        words += f", {operation.reason}"
    return words


def waiting_words(operation: Operation, since: float | None, now: float) -> str:
    """Say "waiting 42 s for the dpkg lock"."""
    reason = operation.reason
    if not reason:
        waits = (stage for stage in operation.stages.values() if stage.state == WAITING)
        reason = next((stage.reason for stage in waits if stage.reason), None)
    if reason and operation.holder:
        reason = _PROCESS.sub("", reason)  # the line below says whose that is
    words = WAITING
    if since is not None:
        words += f" {formatting.duration(now - since)}"
    if reason:
        words += f" {reason}" if reason.startswith(("for ", "on ", "until ")) else f" for {reason}"
    return words


def detail_lines(operation: Operation, board: Board, now: float, most: int) -> list[str]:
    """What stands below an operation's row, the most telling first."""
    if operation.state in (FAILED, CRASHED):
        return broken_lines(operation, most)
    if not operation.open:
        return []
    lines = list(_held(operation, board, now))
    lines.extend(_busy(operation, board.replica.setbacks.of(operation.id, now), now))
    lines.extend(_rolled_up(board, operation.id))
    if operation.unlike:
        lines.append("unlike earlier runs")
    return lines[:most]


def broken_lines(operation: Operation, most: int) -> list[str]:
    """Why an operation broke: its error, then the last lines that it printed."""
    lines = operation.error.splitlines()[:1] if operation.error else []
    if lines == [f"exit status {operation.exit_status}"]:
        lines = []  # the row says it already
    said = tuple(line for line in lines if line)  # "E: " or the like may stand before it
    lines.extend(
        line for line in operation.tail[-most:] if line.strip() and not line.endswith(said)
    )
    return lines[:most]


_PROCESS = re.compile(r",? held by process \d+(?: \([^)]*\))?$")


def _held(operation: Operation, board: Board, now: float) -> Iterator[str]:
    """Who holds what it waits for: "held by 2c9 apt install postgresql, about 1 min"."""
    holder = board.replica.operations.get(operation.holder or "")
    if holder is not None:
        words = f"held by {board.short(holder.id)} {label(holder)}"
        left = known(formatting.remaining(left_of(holder, board, now), None, 0.0))
        yield f"{words}, {left}" if left else words


def _busy(operation: Operation, setback: Setback | None, now: float) -> Iterator[str]:
    """One line for each thing it does now; stages of the same name make one."""
    told = setback.words if setback is not None else ""
    stage = only_stage(operation)
    if stage is not None:
        # Its counts stand on the row; a `track` loop is named after it already.
        title = "" if stage.name in operation.name else stage.name
        busy = stage.reason if stage.state == WAITING else stage.detail
        words = f"{title} {busy or ''}".strip()
        words = ", ".join(part for part in (words, told) if part)
        if words and stage.open:
            yield words
        return
    going = [stage for stage in operation.stages.values() if stage.state in (RUNNING, WAITING)]
    parents = {stage.parent for stage in going}
    leaves = [stage for stage in going if stage.id not in parents]
    named: dict[str, list[Stage]] = {}
    for stage in leaves:
        named.setdefault(stage.name, []).append(stage)
    lone = [alike[0].id for alike in named.values() if len(alike) == 1]
    if setback is not None and setback.stage not in lone:
        yield told
    for name, alike in named.items():
        if len(alike) > 1:
            yield f"{name}, {len(alike)} at once{_sum(alike)}"
        elif setback is not None and setback.stage == alike[0].id:
            yield f"{stage_words(alike[0], now)}, {told}"
        else:
            yield stage_words(alike[0], now)


def stage_words(stage: Stage, now: float) -> str:
    """Say "Unpack 21/38 postgresql-15"."""
    words = stage.name
    if stage.state == WAITING:
        return f"{words}: waiting" + (f" for {stage.reason}" if stage.reason else "")
    if stage.shown or stage.total:
        words += f" {quantity.amount(stage.shown, stage.total, stage.unit, named=True)}"
        if quantity.is_bytes(stage.unit):
            speed = rate_of(stage, now)
            words += f" {speed}" if speed else ""
    if stage.attempt > 1:
        words += f" (×{stage.attempt})"
    if stage.detail:
        words += f" {stage.detail}"
    return words


def _rolled_up(board: Board, operation: str) -> Iterator[str]:
    """Child operations, those of the same name in one line: "rows, 8 workers 480/1,200"."""
    named: dict[str, list[Operation]] = {}
    for child in board.children(operation):
        named.setdefault(label(child), []).append(child)
    for name, alike in named.items():
        going = [child for child in alike if child.open]
        words = name if len(alike) == 1 else f"{name}, {len(alike)} workers"
        stages = [stage for child in alike for stage in [only_stage(child)] if stage is not None]
        words += _sum(stages)
        broken = sum(child.state in (FAILED, CRASHED) for child in alike)
        if broken:
            words += f", {broken} failed"
        if going or broken:
            yield words


def _sum(stages: list[Stage]) -> str:
    """What equal stages have done together; "" where that cannot be added up."""
    units = {stage.unit for stage in stages}
    if len(units) != 1 or not any(stage.shown for stage in stages):
        return ""
    totals = [stage.total for stage in stages]
    total = sum(total for total in totals if total is not None) if None not in totals else None
    done = sum(stage.shown for stage in stages)
    return " " + quantity.amount(done, total, units.pop(), named=True)


def tally(seen: list[Operation], now: float) -> str:
    """Say "4 ended in 3 min 12 s: 2 completed, 1 cancelled, 1 failed"."""
    ended = [operation for operation in seen if not operation.open]
    going = len(seen) - len(ended)
    parts: list[str] = []
    for state in (COMPLETED, CANCELLED, CRASHED, FAILED):
        count = sum(operation.state == state for operation in ended)
        if count:
            parts.append(f"{count} {state}")
    if going:
        parts.append(f"{going} still running")
    begun = [operation.started for operation in seen if operation.started is not None]
    last = now if going else max((operation.ended or now for operation in ended), default=now)
    span = f" in {formatting.duration(last - min(begun))}" if begun else ""
    return (f"{len(ended)} ended{span}: " if ended else "") + ", ".join(parts)
