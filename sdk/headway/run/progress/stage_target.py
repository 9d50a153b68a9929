"""A stage as what a command's events are applied to, in place of an operation of its own."""

from __future__ import annotations

from headway.run.progress.operation_updater import RUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Whole:
    """The stage Run of a command that is a stage: that stage, which ends with the command."""

    def __init__(self, stage: Any) -> None:
        self._stage = stage

    def start(self) -> _Whole:
        return self

    def update(self, **what: Any) -> None:
        self._stage.update(**what)

    def complete(self) -> None:
        """Do nothing: the end of the command ends it."""

    def fail(self, error: object) -> None:
        """Do nothing, as `complete`."""

    def skip(self, reason: str | None = None) -> None:
        """Do nothing, as `complete`."""


class StageTarget:
    """Has the methods of an operation that `OperationUpdater` calls, for a running stage."""

    def __init__(self, stage: Any) -> None:
        self._stage = stage

    def stage(self, name: str, total: Any, unit: Any, parent: Any) -> Any:
        """Return the stage inside it; what a command's parser counts all of is the stage itself."""
        if name == RUN and parent is None:
            whole = _Whole(self._stage)
            if total is not None:
                whole.update(total=total, unit=unit)
            return whole
        return (parent or self._stage).stage(name, total, unit)

    def log(self, line: str) -> None:
        """Report a line of output."""
        self._stage.operation.log(line, self._stage)

    def set(self, **_facts: Any) -> None:
        """Do nothing: a stage has no exit status, and is cancelled with its operation."""

    def wait(self, reason: str) -> None:
        """Wait."""
        self._stage.wait(reason)

    def resume(self) -> None:
        """Go on."""
        self._stage.resume()

    def complete(self) -> None:
        """End as completed."""
        self._stage.complete()

    def cancel(self, reason: str | None) -> None:
        """End as cancelled."""
        self._stage.cancel(reason)

    def fail(self, error: object) -> None:
        """End as failed."""
        self._stage.fail(error)
