"""Loops around loops: how far an outer stage is in its present round.

An outer stage counts rounds (epochs, hosts, chapters), and other stages run once in each. They may
be inside it, or beside it: a bar for the epochs and one for the batches. Between two of its counts
the outer stage seems to stand still. In its first round, what runs inside tells how much of the
round is over; later, the rounds that are over tell how long one takes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

    from headway.estimate.stage import Stage

# Share of a round that is taken to be over at most, before the outer stage says that it is.
MOST = 0.95
# Outer stages looked for at a time: no real loops nest as deep, and stages that all run at once
# would be compared with each other.
# A bound of cost; with one alone fails
# `test_a_loop_between_two_others_does_not_let_the_whole_fall`.
OUTER_LIMIT = 8
COPY = "\x1e"  # in the key of a stage that goes on beside another of its name


def find(stages: Iterable[Stage], now: float) -> dict[str, Stage]:
    """Return inner stages by key, each with its outer one, whose `partial` is set.

    Parents come before what is inside them, and an outer stage before what is beside it.
    """
    inner: dict[str, Stage] = {}
    outer: list[Stage] = []
    inside: dict[str, list[Stage]] = {}
    for stage in stages:
        if stage.began is None:
            continue
        for around in outer:
            if _is_inside(stage, around) or _is_beside(stage, around):
                inner[stage.key] = around
                inside.setdefault(around.key, []).append(stage)
        if (
            stage.total > 1
            and stage.ended is None
            and stage.unit != "%"
            and len(outer) < OUTER_LIMIT
        ):
            stage.partial = stage.beside
            outer.append(stage)
    # From the innermost loop outwards: a loop between two others is as far as what is inside it.
    for around in reversed(outer):
        directly = [one for one in inside.get(around.key, ()) if inner[one.key] is around]
        if directly and not around.beside:
            around.partial = _partial(around, directly, now)
    return {key: around for key, around in inner.items() if around.partial or around.steps}


def units_beside(shares: float, begun: int, going: int, counted: float) -> float:
    """Return how many units are done that are not counted yet, where each is a work of its own.

    `shares` is the sum of what is done of all works that have begun, `going` how many of them go
    on. Where a unit is more than one work, its share is theirs.
    """
    each = max(1, round(begun / max(1.0, going + counted)))
    return max(0.0, shares / each - counted)


def _is_inside(stage: Stage, outer: Stage) -> bool:
    around = stage.parent
    while around is not None and around is not outer:
        around = around.parent
    return around is outer


def _is_beside(stage: Stage, outer: Stage) -> bool:
    """Return whether a stage runs once in each round of one that it does not say to be inside.

    It began later, counts something else to a total, and has run as often as the outer one has
    rounds; in the first round it runs while the outer one stands still.
    """
    if stage.unit and stage.unit == outer.unit:
        return False
    if stage.parent is not outer.parent or stage.began is None or outer.began is None:
        return False
    if stage.began < outer.began or stage.total <= 0 or stage.children:
        return False
    rounds = outer.units - outer.origin
    if not outer.steps:
        return stage.units > stage.origin
    return stage.times > 1 and stage.times - 1 <= rounds + 1 and rounds <= stage.times


def _go_on_at_once(outer: Stage, inside: Iterable[Stage]) -> bool:
    """Return whether several stages are counted by turns, each of which may be a unit of its own.

    Bars that are made at once and run one after the other are none: of those, one moves at a time.
    """
    under_way = [
        one
        for one in inside
        if one.parent is outer and one.ended is None and one.steps and 0 < one.fraction() < 1
    ]
    since = max((one.began or 0.0 for one in under_way), default=0.0)
    return sum((one.began or 0.0) + one.changed > since for one in under_way) > 1


def _partial(outer: Stage, inside: Iterable[Stage], now: float) -> float:
    """Return the share of the present round that is over."""
    if any(COPY in stage.key for stage in inside) or _go_on_at_once(outer, inside):
        works = [stage for stage in inside if stage.children == 0 or stage.total > 1]
        open_ones = [stage for stage in works if stage.ended is None]
        begun = sum(stage.times for stage in works)
        shares = begun - len(open_ones) + sum(stage.fraction() for stage in open_ones)
        return units_beside(shares, begun, len(open_ones), outer.done - outer.origin)
    if outer.steps:
        usual = (outer.changed - outer.pass_began) / outer.steps
        quiet = outer.worked(now) - outer.changed
        return min(MOST, quiet / usual) if usual > 0 else 0.0
    shares = [
        1.0 if stage.ended is not None else stage.fraction()
        for stage in inside
        if stage.children == 0 or stage.total > 1
    ]
    return MOST * sum(shares) / len(shares) if shares else 0.0
