"""Progress by counts alone: what fraction of an operation its stages have counted."""

from __future__ import annotations

from headway.estimate.cold.cold import BETWEEN_SECONDS

LINES_ALONE = "Run"  # the stage of a command of which no stages are known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Sequence

    from headway.estimate.stage import Stage


def counted_fraction(stages: Mapping[str, Stage], now: float) -> float | None:
    """Return the fraction of the only outermost stage, or None where there are others.

    How much of the whole each of several is, only earlier runs can tell, and those that have
    been seen need not be all. Where all count one unit to known totals, the counts can tell.
    What goes on after all of them is no part of what they tell.
    """
    outermost = [stage for stage in stages.values() if stage.parent is None]
    ends = [stage.ended for stage in outermost if stage.ended is not None]
    if ends and len(ends) == len(outermost) and now - max(ends) > BETWEEN_SECONDS:
        return None
    outermost = [stage for stage in outermost if not _is_lines(stage)]
    if len(outermost) > 1:
        return _shared_unit(outermost)
    inside: dict[str | None, list[float]] = {}
    known = False
    # Parents came first, so backwards every stage comes after all that is inside it.
    for key, stage in reversed(list(stages.items())):
        if outermost and _is_lines(stage):
            continue
        mine = inside.get(key)
        if stage.state in {"completed", "skipped"}:
            share, known = 1.0, True
        elif stage.total > 0 or mine is None:
            share, known = stage.fraction(), known or stage.total > 0
        else:
            share = sum(mine) / len(mine)
        parent = None if stage.parent is None else stage.parent.key
        inside.setdefault(parent, []).append(share)
    top = inside.get(None)
    return sum(top) / len(top) if known and top else None


def _is_lines(stage: Stage) -> bool:
    """Return whether a stage was that of the lines of a command before it told of any count.

    What it printed then is no part of the work that others weigh.
    """
    return stage.key == LINES_ALONE and stage.state == "completed" and not stage.steps


def _shared_unit(stages: Sequence[Stage]) -> float | None:
    """Return done over total of stages that all count one unit; None where they do not."""
    units = {stage.unit for stage in stages}
    if len(units) > 1 or units & {"", "%"} or not all(stage.total > 0 for stage in stages):
        return None
    done = sum(stage.total * stage.fraction() for stage in stages)
    return done / sum(stage.total for stage in stages)
