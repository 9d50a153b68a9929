"""The forecast of one operation, and what is known of it: its keys, children, pace. Pure."""

from __future__ import annotations

from headway.estimate import Forecast
from headway.estimate.cold.rounds import units_beside
from headway.model import Operation, Stage
from headway.states import WAITING
from headway_broker.estimates.history_keys import Keys
from headway_broker.estimates.stalls import Pace

NEVER = float("-inf")  # when what has no estimate yet was estimated
# Running stages of an operation beyond which its estimate and progress are unknown, 20 microseconds
# each. Without a limit 20,000 held up whoever asks the broker by 0.4 s. Doubled, 1,000 more do by
# 20 ms.
CROWD = 1_000
CHILDREN_LIMIT = 200  # child operations that weigh as stages of one parent
BESIDE_LIMIT = 200  # open child operations of which a stage that counts knows how far they are
# Shared by all without children, which are most: a dictionary is 64 bytes.
_NO_CHILDREN: dict[str, int] = {}


class Works:
    """The child operations inside a stage that counts: how far each is that goes on."""

    __slots__ = ("ended", "going")

    def __init__(self) -> None:
        self.going: dict[str, float] = {}
        self.ended = 0


class OperationForecast:
    """The forecast of an operation, and its state; `forecast` is None until its runs are read."""

    __slots__ = (
        "asked",
        "begun",
        "beside",
        "changed",
        "children",
        "elsewhere",
        "estimated_at",
        "forecast",
        "keys",
        "pace",
        "runs",
        "stalled",
        "works",
    )

    def __init__(self, keys: Keys, now: float, stalled: float | None) -> None:
        self.keys = keys
        self.begun = now
        self.stalled = stalled  # seconds, `Forecasts.stalled` when it began
        self.asked = False  # it or a child waits for a person, who answers or continues it
        self.forecast: Forecast | None = None
        # Stages whose counts the forecast has not observed yet; their values say nothing.
        self.changed: dict[int, object] = {}
        self.children = _NO_CHILDREN  # child operation → its negative stage id in the forecast
        # Of stages that count, by attempt: the children inside them.
        self.beside: dict[tuple[int, int], Works] | None = None
        self.estimated_at = NEVER
        self.runs = 0  # earlier runs that it uses
        self.elsewhere = False  # they had other arguments, or were elsewhere: not what is usual
        self.pace = Pace(now)
        self.works = False  # there are samples of its hidden counts

    def observe_child(self, operation: Operation, stage: Stage | None, now: float) -> None:
        """Tell the forecast of a child operation, which weighs as a stage, inside of `stage`."""
        if self.forecast is None:
            return
        place = self.children.get(operation.id)
        if place is None:
            if len(self.children) >= CHILDREN_LIMIT:
                return
            if self.children is _NO_CHILDREN:
                self.children = {}
            place = self.children[operation.id] = -1 - len(self.children)
        progress = operation.progress
        self.forecast.observe(
            place,
            operation.name,
            stage.id if stage is not None else None,
            WAITING if operation.stopped_since is not None else operation.state,
            100 * (progress or 0.0),
            None if progress is None else 100.0,  # no share of the whole is made of what is unknown
            "%",
            now,
            operation.attempt,
        )
        told = operation.estimate
        # As well as this one it knows earlier runs, or neither does.
        own = told is not None and (told[4] > 0 or not self.runs)
        self.forecast.foretell(place, told[1] if told is not None and own else None, now)

    def observe_beside(self, operation: Operation, stage: Stage) -> None:
        """Tell the forecast how far the children inside a stage are that counts them."""
        if self.forecast is None:
            return
        if self.beside is None:
            self.beside = {}
        place = (stage.id, stage.attempt)
        works = self.beside.get(place)
        if works is None:
            works = self.beside[place] = Works()
        if not operation.open:
            works.going.pop(operation.id, None)
            works.ended += 1
        elif operation.id in works.going or len(works.going) < BESIDE_LIMIT:
            works.going[operation.id] = operation.progress or 0.0
        going = len(works.going)
        done = works.ended + sum(works.going.values())
        counted = (stage.shown or 0) - stage.initial
        units = units_beside(done, works.ended + going, going, counted)
        self.forecast.set_beside(stage.id, min(units, going + 1.0))
