"""One forecast per open operation: fed on change, asked when somebody looks.

Pure. Absent: the algorithm (`headway.estimate`) and where runs are kept (`history`).
"""

from __future__ import annotations

from typing import Any, Iterable

from headway_broker.ledger import Entry


class Forecasts:
    """Progress and estimates of everything that is open."""

    def begin(self, entry: Entry) -> str | None:
        """Start forecasting an operation; returns the history key whose runs are needed."""
        del entry
        return None

    def recalled(self, key: str, runs: list[dict[str, Any]]) -> None:
        """The runs of a key have been read."""

    def observe(self, entry: Entry, stages: Iterable[int], now: float) -> None:
        """These stages of an operation changed."""

    def estimate(self, entries: Iterable[Entry], now: float) -> list[Entry]:
        """Work out the figures of these; returns the entries whose figures changed."""
        for entry in entries:
            self.figure(entry, now)
        return []

    def figure(self, entry: Entry, now: float) -> None:
        """Work out progress and estimates of one operation."""
        operation = entry.operation
        progress = operation.even_progress()
        if not operation.open and operation.state != "completed":
            progress = None if progress is None else min(progress, 0.999)
        estimate = None
        if operation.open and operation.started is not None and progress and progress > 0.02:
            elapsed = max(0.0, now - operation.started)
            middle = elapsed * (1 - progress) / progress
            estimate = (middle / 2, middle, middle * 2, "rate", 0)
        if progress != operation.progress or estimate != operation.estimate:
            operation.progress, operation.estimate = progress, estimate
            entry.figures = True
        for stage in operation.stages.values():
            fraction = stage.fraction()
            if fraction != stage.progress:
                stage.progress = fraction
                entry.stage_figures.add(stage.id)

    def finish(self, entry: Entry, now: float) -> tuple[str, dict[str, Any]] | None:
        """An operation has ended; returns its key and what its run teaches."""
        self.figure(entry, now)
        return None

    def forget(self, entry: Entry) -> None:
        """An operation is no longer kept."""
        entry.forecast = None

    def deadline(self, watched: bool) -> float | None:
        """When estimates are next worth working out."""
        del watched
        return None
