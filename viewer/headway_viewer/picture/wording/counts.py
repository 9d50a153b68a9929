"""Counts, rates and positions of stages, in words.

Pure. The texts contain what workers sent: pass them through `Theme.spell` before drawing.
"""

from __future__ import annotations

from headway.formatting import quantity
from headway.formatting.outcome import display_name
from headway.model import Operation, Stage
from headway.states import RUNNING, WAITING
from headway_viewer.picture.wording.standing import awaited_text


def shown_count(stage: Stage) -> float | None:
    """Return the count of a stage to show: of what counts in per cent, 100 only once it is over."""
    shown = stage.shown
    if shown is not None and stage.open and stage.unit == "%" and stage.total in (None, 100):
        return min(shown, 99)
    return shown


def stage_position(operation: Operation) -> str:
    """Return how many of the root stages have begun, as "3/5"; "" with fewer than two.

    "" too where no plan has named them all: those seen may be few of those to come. The detail
    line below has the count of the stage itself.
    """
    roots = [stage for stage in operation.stages.values() if stage.parent is None]
    planned = operation.planned
    if planned is None or planned < max(len(roots), 2) or not roots:
        return ""
    at = sum(stage.state != "pending" for stage in roots)
    return f"{at}/{planned}"


def rate_text(operation: Operation, stage: Stage, now: float) -> str:
    """Return the mean rate of a stage since its start, such as "3.1 MB/s".

    Time in which its process was stopped is no pace.
    """
    shown = stage.shown
    if stage.started is None or shown is None:
        return ""
    end = now if stage.ended is None else stage.ended
    passed = end - stage.started - operation.stopped_for(stage.started, end)
    return quantity.rate((shown - stage.initial) / passed, stage.unit) if passed > 1 else ""


def stage_text(operation: Operation, stage: Stage, now: float) -> str:
    """Return "Unpack 21/38 postgresql-15"."""
    words = stage.name
    if stage.left:
        return f"{words}: {stage.reason}"
    if stage.state == WAITING:
        return f"{words}: waiting{awaited_text(stage.reason)}"
    words = counted_text(operation, stage, now)
    return f"{words} {stage.detail}" if stage.detail else words


def counted_text(operation: Operation, stage: Stage, now: float) -> str:
    """Return "Unpack 21/38", without what it is busy with."""
    words = stage.name
    shown = shown_count(stage)
    if shown is not None and (shown or stage.total):
        words += f" {quantity.amount(shown, stage.total, stage.unit, named=True)}"
        if quantity.is_bytes(stage.unit):
            speed = rate_text(operation, stage, now)
            words += f" {speed}" if speed else ""
    if stage.attempt > 1:
        words += f", run {stage.attempt}"
    return words


def latest_activity(operation: Operation) -> str:
    """Return "Fetch 2/4 mypy" of the stage that an open operation began last; "" without any."""
    going = [stage for stage in operation.stages.values() if stage.state in (RUNNING, WAITING)]
    around = {stage.parent for stage in going}
    leaf = next((stage for stage in reversed(going) if stage.id not in around), None)
    if leaf is None or not operation.open or leaf.left:
        return ""
    if leaf.state == WAITING:
        return f"{leaf.name}, waiting{awaited_text(leaf.reason)}"
    shown = shown_count(leaf)
    counted = (
        "" if not (shown or leaf.total) else quantity.amount(shown or 0, leaf.total, leaf.unit)
    )
    parts = ("" if leaf.name == display_name(operation) else leaf.name, counted, leaf.detail)
    return " ".join(part for part in parts if part)


def summed_fraction(stages: list[Stage]) -> float | None:
    """Return how much of their summed total stages of one unit have done; None if unknown."""
    totals = [stage.total for stage in stages]
    known = [total for total in totals if total is not None]
    shown = [stage.shown for stage in stages]
    if len({stage.unit for stage in stages}) != 1 or len(known) < len(totals) or sum(known) <= 0:
        return None
    done = sum(count for count in shown if count is not None)
    return min(max(done / sum(known), 0.0), 1.0)


def sum_text(stages: list[Stage], total: float | None) -> str:
    """Return the summed counts of stages; "" unless all are known, in the same unit."""
    units = {stage.unit for stage in stages}
    shown = [stage.shown for stage in stages]
    known = [done for done in shown if done is not None]
    if len(units) != 1 or not any(known) or len(known) < len(shown):
        return ""
    return quantity.amount(sum(known), total, units.pop(), named=True)


def total_text(stages: list[Stage]) -> str:
    """Return " 480/1,200", the summed counts of stages; "" unless all are in the same unit."""
    totals = [stage.total for stage in stages]
    total = sum(total for total in totals if total is not None) if None not in totals else None
    text = sum_text(stages, total)
    return f" {text}" if text else ""
