"""The progress that counts alone tell: of each stage, and of an operation that has ended. Pure."""

from __future__ import annotations

from typing import Iterable

from headway.model import SHORT_MOST, Operation, Stage
from headway.states import COMPLETED
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger


def update_stage_progress(ledger: Ledger, entry: Entry) -> None:
    """Update the progress of changed stages from their own counts."""
    marks = ledger.marks_of(entry)
    if marks is None:
        return
    stages = entry.operation.stages
    for changed in (marks.stages, marks.counts, marks.shares):
        for stage_id in changed:
            stage = stages[stage_id]
            fraction = stage.fraction()
            if fraction != stage.progress:
                stage.progress = fraction
                marks.stage_figures.add(stage_id)


def count_stages(stages: Iterable[Stage]) -> None:
    """Update the progress of stages from their own counts, before they are told."""
    for stage in stages:
        stage.progress = stage.fraction()


def final_progress(operation: Operation) -> float | None:
    """Return the progress of an ended operation: 1.0 is reserved for success."""
    if operation.state == COMPLETED and not operation.stopped:
        return 1.0
    progress = operation.progress
    outermost = sum(stage.parent is None for stage in operation.stages.values())
    if len(operation.stages) == 1 or (not progress and outermost == 1):
        share = operation.even_progress()  # its counts are all that was done
        progress = share if share is not None else progress
    return None if progress is None else min(progress, SHORT_MOST)
