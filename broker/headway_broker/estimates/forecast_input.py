"""Replay: what a forecast is told of an operation and its stages, of past changes too; pure."""

from __future__ import annotations

from typing import NamedTuple

from headway.estimate import Forecast
from headway.model import Operation, Stage
from headway.states import CANCELLED, PENDING, RUNNING, WAITING


class Past(NamedTuple):
    """A past change of a stage, replayed into a forecast that begins late."""

    moment: float
    place: int  # order among changes of the same moment
    stage: Stage
    state: str
    done: float | None  # None: as the stage has it


def replay(operation: Operation, forecast: Forecast) -> None:
    """Tell a new forecast when the operation and its stages began and ended, and were stopped."""
    if operation.started is not None:
        forecast.start(operation.started)
    past: list[Past] = []
    for stage in operation.stages.values():
        past.append(Past(float("-inf"), len(past), stage, PENDING, 0))
        if stage.started is not None:
            past.append(Past(stage.started, len(past), stage, RUNNING, stage.initial))
            if stage.ended is not None:
                past.append(Past(stage.ended, len(past), stage, stage.state, stage.shown))
    begun = operation.started
    if begun is None:
        begun = min((one.moment for one in past if one.moment > float("-inf")), default=0.0)
    past.sort(key=lambda one: (one.moment, one.place))
    holds = [(since, True) for since, _until in operation.stops]
    holds += [(until, False) for _since, until in operation.stops if until is not None]
    holds.sort(reverse=True)
    for one in past:
        while holds and holds[-1][0] <= one.moment:
            moment, waiting = holds.pop()
            forecast.hold(max(moment, begun), waiting=waiting)
        tell(forecast, one.stage, max(one.moment, begun), one.state, one.done)
    for moment, waiting in reversed(holds):
        forecast.hold(max(moment, begun), waiting=waiting)


def tell(
    forecast: Forecast,
    stage: Stage,
    now: float,
    state: str | None = None,
    done: float | None = None,
) -> None:
    """Tell a forecast of a stage, as it is or with another state or count."""
    counted = stage.shown if done is None else done
    forecast.observe(
        stage.id,
        stage.name,
        stage.parent,
        _learnable(stage) if state in (None, stage.state) else state,
        counted or 0,  # where it is unknown, there is no total either: as one that never counts
        None if counted is None else stage.total,
        stage.unit,
        now,
        stage.attempt,
        stage.initial,
        stage.started,
    )


def is_held(operation: Operation) -> bool:
    """Return whether its clock stands still: it waits, or its process is stopped."""
    return operation.state == WAITING or operation.stopped_since is not None


def _learnable(stage: Stage) -> str:
    """Return the state of a stage for its forecast: one that stopped early teaches nothing."""
    return CANCELLED if stage.stopped else stage.state
