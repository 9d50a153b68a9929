"""The stages that the row of an operation tells of, where not all are sent. Pure."""

from __future__ import annotations

from headway.model import Operation
from headway.states import RUNNING, WAITING, asks

LEAVES = 10  # running stages without running parts, of an operation that is not told whole
DEPTH = 20  # of what they are a part of


def told_stages(operation: Operation) -> list[int]:
    """Return the ids of the stages that the row of an operation tells of, in order.

    The first and the last: whether it has several. Of an open one those that run and have no
    running parts, with what they are parts of, and what it waits for; else what broke last.
    """
    stages = operation.stages
    chosen = dict.fromkeys([next(iter(stages)), next(reversed(stages))]) if stages else {}
    if not operation.open:
        broken = [stage.id for stage in stages.values() if stage.state == operation.state]
        chosen.update(dict.fromkeys(broken[-1:]))
        return sorted(chosen)
    running = [stage for stage in stages.values() if stage.state == RUNNING]
    around = {stage.parent for stage in running}
    leaves = [stage for stage in running if stage.id not in around]
    outermost = [stage for stage in running if stage.parent is None]
    waiting = [stage for stage in stages.values() if stage.state == WAITING]
    because = [stage for stage in waiting if stage.reason]
    asking = [stage for stage in waiting if asks(stage.reason)]
    for stage in (*leaves[:LEAVES], *outermost[:2], *waiting[:2], *because[:1], *asking[:1]):
        above: int | None = stage.id
        for _ in range(DEPTH):
            if above is None or above not in stages:
                break
            chosen[above] = None
            above = stages[above].parent
    return sorted(chosen)
