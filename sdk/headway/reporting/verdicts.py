"""What was open at the program's end, as it was before that judged it: so it can be corrected.

Exit handlers that the program registered before it imported us, and finalizers, run after ours.
They may end an operation in order, or the program by another status. Pure.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, NamedTuple
else:
    from headway.light_typing import NamedTuple

# Stages of an operation at most: each takes microseconds of the exit. One with more stays as it was
# judged.
STAGES_LIMIT = 1_000


class Before(NamedTuple):
    """An operation before it was judged: its record, and those of its open stages."""

    handle: Any  # of `interfaces`
    record: list[Any]
    stages: list[list[Any]]


class Verdicts:
    """The operations that the program's end has judged, each until it is corrected."""

    def __init__(self) -> None:
        self._before: dict[str, Before] = {}

    def note(self, handles: Iterable[Any]) -> None:
        """Note what is open: it is going to be judged."""
        for handle in handles:
            model = handle.model
            if model.open and len(model.stages) <= STAGES_LIMIT:
                stages = [stage.record() for stage in model.stages.values() if stage.open]
                self._before[model.id] = Before(handle, model.record(), stages)

    def judged(self) -> list[Any]:
        """Return the operations that can be corrected."""
        return [before.handle for before in self._before.values()]

    def reopen(self, operation: str) -> bool:
        """Open an operation again, as it was; return False if it was not judged by the end."""
        before = self._before.pop(operation, None)
        if before is None:
            return False
        model = before.handle.model
        revision = model.revision
        model.apply(before.record)
        model.revision = revision
        for record in before.stages:
            model.apply_stage(record)
        return True
