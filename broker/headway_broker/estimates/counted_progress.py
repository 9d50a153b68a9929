"""The progress of stages that their counts alone tell. Pure."""

from __future__ import annotations

from typing import Iterable

from headway.model import Stage
from headway_broker.state.entry import Entry, Marks


def update_stage_progress(entry: Entry, marks: Marks) -> None:
    """Update the progress of stages that are marked from their own counts, and mark that."""
    stages = entry.operation.stages
    for changed in (marks.stages, marks.counts, marks.shares):
        for stage_id in changed:
            stage = stages[stage_id]
            fraction = stage.fraction()
            if fraction != stage.progress:
                stage.progress = fraction
                marks.mark_stage_figures(stage_id)


def count_stages(stages: Iterable[Stage]) -> None:
    """Update the progress of stages from their own counts, before they are told."""
    for stage in stages:
        stage.progress = stage.fraction()
