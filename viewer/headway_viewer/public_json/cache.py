"""A cache of encoded operations: JSON templates, of which only changing numbers are encoded.

Pure. While only its counts change, an operation costs a quarter of a full encoding.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NamedTuple, Sequence

from headway.model import Operation
from headway_viewer.public_json.schema import (
    elapsed,
    encode,
    operation_fields,
    operation_object,
    parents_first,
    progress_of,
    stage_object,
)
from headway_viewer.replica.replica import Replica

# The fields that change without an event, in the order of the public form, …
OPERATION_CHANGING = ("elapsed", "progress")
STAGE_CHANGING = ("done", "progress", "elapsed")
# … and the attributes that all other fields are made of.
OPERATION_INPUTS = (
    *("name", "key", "state", "reason", "error", "message", "silent_since", "stalled_since"),
    *("stops", "host", "pid"),
    *("user", "tty", "started", "ended", "cancellable", "parent", "holder", "attempt"),
    *("rank", "labels", "unheard_since", "no_broker_since", "exit_status", "notify"),
    *("estimate", "usual", "work"),
)
STAGE_INPUTS = (
    *("parent", "name", "state", "reason", "error", "detail", "total", "unit", "initial"),
    *("started", "ended", "attempt", "estimate"),
)
_operation_inputs = attrgetter(*OPERATION_INPUTS)
_stage_inputs = attrgetter(*STAGE_INPUTS)
_PLACEHOLDER = "\0"
_ENCODED_PLACEHOLDER = encode(_PLACEHOLDER)


class Template(NamedTuple):
    """The text around the changing fields, and the inputs that it was encoded from."""

    inputs: Any
    parts: list[str]


class Entry:
    """The templates of one operation and of its stages, by id."""

    __slots__ = ("own", "stages")

    def __init__(self) -> None:
        self.own: Template | None = None
        self.stages: dict[int, Template] = {}


class JsonCache:
    """The templates of the operations that are open; encodes operations by them."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._operations: dict[str, Entry] = {}
        self._unix: float | None = (
            None  # Unix time of the broker's 0, which the times in all templates rest on
        )

    def encode_operation(self, operation: Operation, now: float) -> str:
        """Return the whole operation as JSON; `now` is the broker's time."""
        unix = self._replica.unix(0.0)
        if unix != self._unix:
            self._unix = unix
            self._operations.clear()
        entry = self._operations.get(operation.id)
        if entry is None:
            entry = self._operations[operation.id] = Entry()
        if not operation.open:
            del self._operations[operation.id]
        inputs = _operation_inputs(operation)
        if entry.own is None or entry.own.inputs != inputs:
            whole = {**operation_fields(operation, self._replica, now), "stages": []}
            entry.own = Template(inputs, _split(whole, OPERATION_CHANGING))
        parts = entry.own.parts
        stages = self._stages(operation, entry.stages, now)
        if stages is None or len(parts) != len(OPERATION_CHANGING) + 1:  # placeholder in a text
            return encode(operation_object(operation, self._replica, now))
        first, second, tail = parts
        lasted = encode_number(elapsed(operation, now))
        progress = encode_number(operation.progress)
        tail = tail[: -len("]}")]  # the template has no stages
        return f"{first}{lasted}{second}{progress}{tail}{','.join(stages)}]}}"

    def forget(self, operation: str) -> None:
        """Drop the templates of an operation."""
        self._operations.pop(operation, None)

    def _stages(
        self, operation: Operation, templates: dict[int, Template], now: float
    ) -> list[str] | None:
        """Return each stage as JSON, or None where a template cannot be used."""
        texts: list[str] = []
        for stage in parents_first(operation):
            inputs = _stage_inputs(stage)
            template = templates.get(stage.id)
            if template is None or template.inputs != inputs:
                parts = _split(stage_object(stage, self._replica, now), STAGE_CHANGING)
                template = templates[stage.id] = Template(inputs, parts)
            if len(template.parts) != len(STAGE_CHANGING) + 1:
                return None
            first, second, third, tail = template.parts
            done = stage.shown
            progress = encode_number(progress_of(stage))
            lasted = encode_number(elapsed(stage, now))
            texts.append(
                f"{first}{done if type(done) is int else encode_number(done)}"
                f"{second}{progress}{third}{lasted}{tail}"
            )
        return texts


def encode_number(value: float | None) -> str:
    """Return a number as JSON."""
    if type(value) is float and value - value == 0:  # finite
        return repr(value)
    return "null" if value is None else encode(value)


def _split(whole: dict[str, Any], changing: Sequence[str]) -> list[str]:
    return encode({**whole, **dict.fromkeys(changing, _PLACEHOLDER)}).split(_ENCODED_PLACEHOLDER)
