"""The output of `headway ps`: a row for every operation, with the error of those that broke.

Pure. On a screen, failures that look alike are folded into the latest of them, and of the others
half a screen is told: what goes on is not to drown in what went wrong. The tasks of a pool that
have completed are one row.
"""

from __future__ import annotations

from headway import string_width
from headway.formatting.outcome import broken_stage_name, display_name
from headway.formatting.theme import Line, Theme
from headway.model import Operation
from headway.states import COMPLETED, CRASHED, FAILED
from headway_viewer import formatting
from headway_viewer.commands.listing.filters import fit, listed
from headway_viewer.picture.board import COUNTED_STATES, Board, end_word
from headway_viewer.picture.columns import TableRow
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.view import View
from headway_viewer.picture.wording.groups import pool_texts
from headway_viewer.picture.wording.standing import error_lines

ERROR_LINES = 2  # below a row that failed or crashed
POOL_LEAST = 3  # tasks that are folded: two are as quickly read as "2 workers"
LEAST_FAILURES = 5  # that do not look alike, on the smallest screen that has room for them
FAILURE_LINES = 2 * (1 + ERROR_LINES)  # of a screen, for each more: they are half of it at most
NOTHING = "nothing is running"
NONE_MATCH = "no operation matches; `headway ps --all` lists all"


def list_operations(
    board: Board,
    operations: list[Operation],
    theme: Theme,
    columns: int,
    now: float,
    lines: int | None = None,
    finish_time: FinishTime | None = None,
    *,
    detailed: bool = False,
) -> list[Line]:
    """Return the rows of `operations`, open ones last, next to the prompt.

    `columns` is the width of the terminal; `now` is the broker's time. There are at most `lines`,
    if that is given, one of which counts the operations that are left out; then failures are
    folded, too. `detailed`: also what those that go on are busy with, and what their estimates
    rest on.
    """
    if not operations:
        return [[("", NONE_MATCH if board.replica.operations else NOTHING)]]
    view = View(board, theme, finish_time=finish_time)
    width = max(columns - 1, 20)
    ordered = listed(operations)
    folded = {} if lines is None else fold(ordered, lines)
    pools = {} if lines is None else fold_pools(ordered)
    pooled = {one.id for members in pools.values() for one in members}.difference(pools)
    kept = [
        one
        for one in ordered
        if one.id not in pooled and (one.state not in _BROKEN or lines is None or one.id in folded)
    ]
    below = {
        one.id: [
            *view.details(one, width, now, at_most=ERROR_LINES),
            *_alike_line(folded.get(one.id, []), theme, width, now),
        ]
        for one in kept
        if one.state in _BROKEN
    }
    if detailed:
        below.update({one.id: view.all_details(one, width, now) for one in kept if one.open})
    shown = kept
    if lines is not None:
        heights = [1 + len(below.get(one.id, ())) for one in kept]
        others = len(pooled) + sum(map(len, folded.values()))
        if sum(heights) + 1 > lines or len(kept) + others < len(ordered):
            shown = fit(kept, heights, max(lines - 2, 1))
    rows = [_row(view, one, pools.get(one.id), now) for one in shown]
    widths = view.columns.measure(rows, width)
    found: list[Line] = []
    told = {one.id for one in shown}
    for groups in (folded, pools):
        told.update(one.id for name, group in groups.items() if name in told for one in group)
    left_out = [one for one in ordered if one.id not in told]
    if left_out:
        words = string_width.clip(_left_out_text(left_out, theme), width, theme.ellipsis)
        found.append([("dim", words)])
    for one, row in zip(shown, view.columns.told_apart(rows, widths, width)):
        found.append(view.columns.format_row(row, widths, width))
        found += below.get(one.id, ())
    return [*found, view.header.line_of(ordered, width, now)]


_BROKEN = (FAILED, CRASHED)


def fold(ordered: list[Operation], lines: int) -> dict[str, list[Operation]]:
    """Return the latest failures by id, as many as `lines` are for, each with earlier ones like it.

    Alike are those of one name, stage, exit status and first line that says why.
    """
    groups: dict[tuple[object, ...], tuple[str, list[Operation]]] = {}
    at_most = max(LEAST_FAILURES, lines // FAILURE_LINES)
    for one in reversed(ordered):
        if one.state not in _BROKEN:
            continue
        place = (broken_stage_name(one), one.exit_status, *error_lines(one, 1))
        look = (display_name(one), one.state, *place)
        if look in groups:
            groups[look][1].append(one)
        elif len(groups) < at_most:
            groups[look] = (one.id, [])
    return dict(groups.values())


def fold_pools(ordered: list[Operation]) -> dict[str, list[Operation]]:
    """Return the completed tasks of each pool of a program, by the id of the latest.

    A task is of the pool that another one of its name is of while they overlap, or where they ran
    in one process. A command of `headway run` is no task.
    """
    pools: list[list[Operation]] = []
    last: dict[object, list[Operation]] = {}  # the pool that began last, by name and terminal
    tasks = [one for one in ordered if _may_be_task(one)]
    for one in sorted(tasks, key=lambda one: one.started or 0.0):
        look = (display_name(one), one.key, one.host, one.tty)
        pool = last.get(look)
        if pool is None or not any(
            (other.ended or 0.0) >= (one.started or 0.0) or other.pid == one.pid for other in pool
        ):
            pool = last[look] = []
            pools.append(pool)
        pool.append(one)
    return {
        max(pool, key=lambda one: one.ended or 0.0).id: pool
        for pool in pools
        if len(pool) >= POOL_LEAST
    }


def _may_be_task(one: Operation) -> bool:
    """Return whether an operation has completed and is a program's own."""
    own = one.coarser is None and one.parent is None and one.pid is not None
    return own and one.state == COMPLETED and not one.stopped


def _row(view: View, one: Operation, pool: list[Operation] | None, now: float) -> TableRow:
    """Return the row of an operation, which stands for all of its pool if that is given."""
    row = view.row(one, now)
    if pool is None:
        return row
    name, message = map(view.theme.spell, pool_texts(pool))
    return row._replace(name=name, message=message, shorter=())


def _alike_line(alike: list[Operation], theme: Theme, width: int, now: float) -> list[Line]:
    """Return the line below a failure about those like it; none where there are none."""
    if not alike:
        return []
    first = min(one.ended or now for one in alike)
    words = f"and {len(alike)} more like it, the first {formatting.duration(now - first)} ago"
    return [[("", "    "), ("dim", string_width.clip(words, width - 4, theme.ellipsis))]]


def _left_out_text(operations: list[Operation], theme: Theme) -> str:
    counts = {state: sum(end_word(one) == state for one in operations) for state in COUNTED_STATES}
    parts = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    return f"{theme.ellipsis} {len(operations)} more ({parts}): headway ps --all"
