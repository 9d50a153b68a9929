"""Operations that are told together, in words: those of one name, a pool, the ranks of a job, all.

Pure. The texts contain what workers sent: pass them through `Theme.spell` before drawing.
"""

from __future__ import annotations

from typing import Iterable

from headway.formatting import quantity
from headway.formatting.outcome import display_name, sole_stage
from headway.formatting.theme import STOPPED
from headway.model import Operation, Stage
from headway.states import CANCELLED, COMPLETED, CRASHED, FAILED, UNJUDGED
from headway_viewer import formatting
from headway_viewer.picture.board import end_word
from headway_viewer.picture.wording.counts import (
    latest_activity,
    sum_text,
    summed_fraction,
    total_text,
)
from headway_viewer.replica.ranks import are_ranks, slowest


def by_name(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    """Return operations by the names that are shown for them."""
    named: dict[str, list[Operation]] = {}
    for one in operations:
        named.setdefault(display_name(one), []).append(one)
    return named


def group_text(same_name: list[Operation]) -> str:
    """Return "rows, 8 workers 480/1,200, 1 failed" for operations of one name."""
    return "".join(group_texts(same_name))


def group_texts(same_name: list[Operation]) -> tuple[str, str]:
    """Return the two parts of `group_text`: who they are, and what they have counted."""
    name = display_name(same_name[0])
    if are_ranks(same_name):
        spread = spread_text(same_name)
        return f"{name}, {ranks_text(same_name)}", f" {spread}" if spread else ""
    words = name if len(same_name) == 1 else f"{name}, {workers_text(same_name)}"
    counted = total_text(_sole_stages(same_name))
    if len(same_name) == 1 and not counted:
        at = latest_activity(same_name[0])
        counted = f": {at}" if at else ""
    broken = sum(one.state in (FAILED, CRASHED) for one in same_name)
    return words, f"{counted}, {broken} failed" if broken else counted


def group_fraction(same_name: list[Operation]) -> float | None:
    """Return 0…1 of the summed counts of operations of one name; None where they are unknown."""
    if are_ranks(same_name):
        same_name = [slowest(same_name)]
    stages = _sole_stages(same_name)
    if len(stages) == len(same_name):
        return summed_fraction(stages)
    return same_name[0].progress if len(same_name) == 1 and same_name[0].open else None


def _sole_stages(operations: list[Operation]) -> list[Stage]:
    found = (sole_stage(one) for one in operations)
    return [stage for stage in found if stage is not None]


def workers_text(operations: list[Operation]) -> str:
    """Return in how many processes operations are or were: "8 workers"."""
    count = len({operation.pid or operation.id for operation in operations})
    return f"{count} worker{'s'[: count > 1]}"


def ranks_text(ranks: list[Operation]) -> str:
    """Return how many ranks of a job there are: "4 ranks", "4 of 8 ranks"."""
    size = max((one.rank[2] for one in ranks if one.rank is not None), default=0)
    return f"{len(ranks)} of {size} ranks" if size > len(ranks) else f"{len(ranks)} ranks"


def spread_text(ranks: list[Operation]) -> str:
    """Return how far apart the ranks of a job are: "118–124 of 300, rank 3 is the slowest"."""
    going = [one for one in ranks if one.open]
    stages = _sole_stages(ranks)
    shown = [stage.shown for stage in stages]
    counts = [count for count in shown if count is not None]
    units = {stage.unit for stage in stages}
    if not going or len(counts) < len(ranks) or len(units) != 1:
        return ""
    total = stages[0].total if len({stage.total for stage in stages}) == 1 else None
    low, high = (quantity.amount(count, None, None) for count in (min(counts), max(counts)))
    words = low if low == high else f"{low}–{high}"
    if total is not None:
        words += f" of {quantity.amount(total, None, None)}"
    rank = slowest(ranks).rank
    return words if low == high or rank is None else f"{words}, rank {rank[1]} is the slowest"


def pool_texts(operations: list[Operation]) -> tuple[str, str]:
    """Return name and outcome of a pool: "rows, 4 workers", "320 in 8 s"."""
    begun = [one.started for one in operations if one.started is not None]
    ended = [one.ended for one in operations if one.ended is not None]
    lasted = formatting.duration(max(ended) - min(begun)) if begun and ended else ""
    stages = _sole_stages(operations)
    counted = sum_text(stages, None) if len(stages) == len(operations) else ""
    words = " in ".join(part for part in (counted, lasted) if part)
    who = ranks_text(operations) if are_ranks(operations) else workers_text(operations)
    name = f"{display_name(operations[0])}, {who}"
    return name, words or COMPLETED


def summary_text(seen: list[Operation], now: float) -> str:
    """Return "4 ended in 3 min 12 s: 2 completed, 1 cancelled, 1 failed"."""
    ended = [operation for operation in seen if not operation.open]
    running = len(seen) - len(ended)
    parts: list[str] = []
    for state in (COMPLETED, STOPPED, UNJUDGED, CANCELLED, CRASHED, FAILED):
        count = sum(end_word(operation) == state for operation in ended)
        if count:
            parts.append(f"{count} {state}")
    if running:
        parts.append(f"{running} still running")
    begun = [operation.started for operation in ended if operation.started is not None]
    last = max((operation.ended or now for operation in ended), default=now)
    span = f" in {formatting.duration(last - min(begun))}" if begun else ""
    return (f"{len(ended)} ended{span}: " if ended else "") + ", ".join(parts)
