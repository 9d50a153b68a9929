"""Operations as public JSON with gaps for the figures that move: only these are formatted anew.

Pure. An operation whose stages only count costs a quarter of what it costs to encode all of it.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NamedTuple, Sequence

from headway.model import Operation
from headway_viewer.public_json.schema import (
    elapsed,
    encode,
    operation_record,
    own_record,
    parents_first,
    progress_of,
    stage_record,
)
from headway_viewer.replica.replica import Replica

# The figures that move, in the order of the public form, …
OPERATION_FIGURES = ("elapsed", "progress")
STAGE_FIGURES = ("done", "progress", "elapsed")
# … and what all else in it is made of.
OPERATION_STILL = (
    *("name", "key", "state", "reason", "error", "message", "silent_since", "host", "pid"),
    *("user", "tty", "started", "ended", "cancellable", "parent", "holder", "attempt"),
    *("exit_status", "notify", "estimate"),
)
STAGE_STILL = (
    *("parent", "name", "state", "reason", "error", "detail", "total", "unit", "started"),
    *("ended", "attempt", "estimate"),
)
_operation_still = attrgetter(*OPERATION_STILL)
_stage_still = attrgetter(*STAGE_STILL)
_GAP = "\0"
_CUT = encode(_GAP)


class Draft(NamedTuple):
    """The text around the gaps, and what it was made of."""

    still: Any
    parts: list[str]


class Kept:
    """The drafts of one operation and of its stages, by id."""

    __slots__ = ("own", "stages")

    def __init__(self) -> None:
        self.own: Draft | None = None
        self.stages: dict[int, Draft] = {}


class Drafts:
    """What was written last of each operation, until it ends or is forgotten."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._operations: dict[str, Kept] = {}
        self._unix: float | None = None  # of the broker's 0, as the times in all drafts have it

    def text(self, operation: Operation, now: float) -> str:
        """The JSON of all of an operation; `now` is the broker's time."""
        unix = self._replica.unix(0.0)
        if unix != self._unix:
            self._unix = unix
            self._operations.clear()
        kept = self._operations.get(operation.id)
        if kept is None:
            kept = self._operations[operation.id] = Kept()
        if not operation.open:
            del self._operations[operation.id]
        still = _operation_still(operation)
        if kept.own is None or kept.own.still != still:
            record = {**own_record(operation, self._replica, now), "stages": []}
            kept.own = Draft(still, _cut(record, OPERATION_FIGURES))
        parts = kept.own.parts
        stages = self._stages(operation, kept.stages, now)
        # One of its texts may look like a gap.
        if len(parts) != len(OPERATION_FIGURES) + 1 or stages is None:
            return encode(operation_record(operation, self._replica, now))
        first, second, rest = parts
        lasted, progress = elapsed(operation, now), operation.progress
        rest = rest[: -len("]}")]  # of the stages, which there were none of
        return f"{first}{figure(lasted)}{second}{figure(progress)}{rest}{','.join(stages)}]}}"

    def forget(self, operation: str) -> None:
        """Nothing more will be written of it."""
        self._operations.pop(operation, None)

    def _stages(
        self, operation: Operation, drafts: dict[int, Draft], now: float
    ) -> list[str] | None:
        """The JSON of each stage; None where that needs all of the operation to be encoded."""
        texts: list[str] = []
        for stage in parents_first(operation):
            still = _stage_still(stage)
            draft = drafts.get(stage.id)
            if draft is None or draft.still != still:
                parts = _cut(stage_record(stage, self._replica, now), STAGE_FIGURES)
                draft = drafts[stage.id] = Draft(still, parts)
            if len(draft.parts) != len(STAGE_FIGURES) + 1:
                return None
            first, second, third, rest = draft.parts
            done = stage.shown
            texts.append(
                f"{first}{done if type(done) is int else figure(done)}"
                f"{second}{figure(progress_of(stage))}{third}{figure(elapsed(stage, now))}{rest}"
            )
        return texts


def figure(value: float | None) -> str:
    """The JSON of a number."""
    if type(value) is float and value - value == 0:  # finite
        return repr(value)
    return "null" if value is None else encode(value)


def _cut(record: dict[str, Any], moving: Sequence[str]) -> list[str]:
    return encode({**record, **dict.fromkeys(moving, _GAP)}).split(_CUT)
