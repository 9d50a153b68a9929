"""The wording of operations and stages: names, outcomes, reasons to wait, current activity.

Pure. The texts contain what workers sent: pass them through `Theme.spell` before drawing.
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Mapping, NamedTuple

from headway.formatting import quantity
from headway.formatting.outcome import display_name, main_stage, sole_stage
from headway.formatting.theme import STOPPED
from headway.model import Operation, Stage
from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PAUSED,
    PENDING,
    RUNNING,
    STOPPING,
    UNJUDGED,
    WAITING,
)
from headway_viewer import formatting
from headway_viewer.picture.board import Board, end_word
from headway_viewer.picture.estimate_basis import work_text
from headway_viewer.picture.remaining import blank_if_unknown, remaining_estimate
from headway_viewer.replica.ranks import are_ranks, latest_job, slowest
from headway_viewer.replica.setbacks import Setback


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


def stall_text(operation: Operation, now: float) -> str:
    """Return "no progress for 40 s"; "" while its counts move, or move as slowly as ever."""
    if operation.stalled_since is None or not operation.open:
        return ""
    return f"no progress for {formatting.duration(now - operation.stalled_since)}"


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
    if operation.unlike:
        found.append(Detail("unlike earlier runs"))
    return found[:most]


def detail_lines(operation: Operation, board: Board, now: float, most: int) -> list[str]:
    """Return the texts of the `details` of an operation."""
    return [detail.text for detail in details(operation, board, now, most)]


def coming_text(operation: Operation) -> str:
    """Return "then Configure, Triggers": the stages of a running plan that have not begun."""
    stages = operation.stages.values()
    if operation.state != RUNNING or not any(stage.state == RUNNING for stage in stages):
        return ""
    coming = [stage.name for stage in stages if stage.state == PENDING and stage.parent is None]
    return f"then {', '.join(coming)}" if coming else ""


def _counts(operation: Operation) -> bool:
    """Return whether a stage that runs tells how far it is."""
    return any(
        stage.state == RUNNING and (stage.total or shown_count(stage))
        for stage in operation.stages.values()
    )


def error_lines(operation: Operation, most: int) -> list[str]:
    """Return why an operation broke: its error, then the last of the lines that it printed."""
    lines = operation.error.splitlines()[:1] if operation.error else []
    if lines == [f"exit status {operation.exit_status}"]:
        lines = []  # the row shows the exit status
    said = tuple(line for line in lines if line)  # the printed line may have a prefix: "E: "
    told = [line for line in operation.tail if line.strip() and not line.endswith(said)]
    room = most - len(lines)
    return [*lines, *(told[-room:] if room > 0 else ())][:most]


_HOLDER_PROCESS = re.compile(r",? held by process \d+(?: \([^)]*\))?$")


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
            title, counted = f"{name}, {len(same_name)} at once", _total_text(same_name)
            yield Detail(title + counted, _fraction(same_name), title, counted.strip())
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


def _children(board: Board, operation: Operation) -> Iterator[Detail]:
    """Yield a detail for each name of child operations: "rows, 8 workers 480/1,200"."""
    part = shown_part(operation, board) if operation.state == RUNNING else None
    for same_name in map(latest_job, by_name(board.children(operation.id)).values()):
        if part is not None and same_name == [part[0]]:  # its count is in the row
            busy = f": {part[1].detail}" if part[1].detail else ""
            yield Detail(display_name(part[0]) + busy)
        elif any(child.open or child.state in (FAILED, CRASHED) for child in same_name):
            name, counted = _group(same_name)
            yield Detail(name + counted, group_fraction(same_name), name, counted.strip(",: "))


def by_name(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    """Return operations by the names that are shown for them."""
    named: dict[str, list[Operation]] = {}
    for one in operations:
        named.setdefault(display_name(one), []).append(one)
    return named


def group_text(same_name: list[Operation]) -> str:
    """Return "rows, 8 workers 480/1,200, 1 failed" for operations of one name."""
    return "".join(_group(same_name))


def _group(same_name: list[Operation]) -> tuple[str, str]:
    """Return the two parts of `group_text`: who they are, and what they have counted."""
    name = display_name(same_name[0])
    if are_ranks(same_name):
        spread = spread_text(same_name)
        return f"{name}, {ranks_text(same_name)}", f" {spread}" if spread else ""
    words = name if len(same_name) == 1 else f"{name}, {workers_text(same_name)}"
    counted = _total_text(_sole_stages(same_name))
    if len(same_name) == 1 and not counted:
        at = latest_activity(same_name[0])
        counted = f": {at}" if at else ""
    broken = sum(one.state in (FAILED, CRASHED) for one in same_name)
    return words, f"{counted}, {broken} failed" if broken else counted


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


def group_fraction(same_name: list[Operation]) -> float | None:
    """Return 0…1 of the summed counts of operations of one name; None where they are unknown."""
    if are_ranks(same_name):
        same_name = [slowest(same_name)]
    stages = _sole_stages(same_name)
    if len(stages) == len(same_name):
        return _fraction(stages)
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
    counted = _sum_text(stages, None) if len(stages) == len(operations) else ""
    words = " in ".join(part for part in (counted, lasted) if part)
    who = ranks_text(operations) if are_ranks(operations) else workers_text(operations)
    name = f"{display_name(operations[0])}, {who}"
    return name, words or COMPLETED


def _fraction(stages: list[Stage]) -> float | None:
    """Return how much of their summed total stages of one unit have done; None if unknown."""
    totals = [stage.total for stage in stages]
    known = [total for total in totals if total is not None]
    shown = [stage.shown for stage in stages]
    if len({stage.unit for stage in stages}) != 1 or len(known) < len(totals) or sum(known) <= 0:
        return None
    done = sum(count for count in shown if count is not None)
    return min(max(done / sum(known), 0.0), 1.0)


def _total_text(stages: list[Stage]) -> str:
    """Return " 480/1,200", the summed counts of stages; "" unless all are in the same unit."""
    totals = [stage.total for stage in stages]
    total = sum(total for total in totals if total is not None) if None not in totals else None
    text = _sum_text(stages, total)
    return f" {text}" if text else ""


def _sum_text(stages: list[Stage], total: float | None) -> str:
    """Return the summed counts of stages; "" unless all are known, in the same unit."""
    units = {stage.unit for stage in stages}
    shown = [stage.shown for stage in stages]
    known = [done for done in shown if done is not None]
    if len(units) != 1 or not any(known) or len(known) < len(shown):
        return ""
    return quantity.amount(sum(known), total, units.pop(), named=True)


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
