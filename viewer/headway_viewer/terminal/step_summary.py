"""The summary of a CI job's step: what its operations took, stage by stage, as a Markdown table.

Pure.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from headway import text
from headway.estimate.usual import is_usual
from headway.formatting.outcome import display_name, outcome_text
from headway.model import Operation, Stage
from headway_viewer import formatting

MAX_OPERATIONS = 50  # of a step
MAX_STAGES = 100  # rows of an operation
_SPECIAL = "\\`*_{}[]<>|#&"  # of Markdown, within a cell


def summary(operations: Sequence[Operation], answers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables of ended operations; "" without any.

    `answers` has, by operation, what `headway why --json` tells of it, if it tells anything: there
    is what each stage usually takes.
    """
    parts: list[str] = []
    for operation in operations[:MAX_OPERATIONS]:
        answer = answers.get(operation.id, {})
        usual = {stage.get("name"): stage.get("usual") for stage in answer.get("stages") or []}
        roots = [stage for stage in operation.stages.values() if stage.parent is None]
        rows = [
            _row(stage.name, _seconds(stage), _median(usual.get(stage.name)))
            for stage in roots[:MAX_STAGES]
        ]
        known = answer.get("usual")
        whole = _median(known)
        if operation.usual is not None:
            whole = operation.usual[0] if is_usual(operation.usual) else None
        title = f"**{_cell(display_name(operation))}** {_cell(outcome_text(operation))}"
        head = ["| stage | took | usual |", "| :-- | --: | --: |"]
        last = _row("all of it", _seconds(operation), whole, bold=True)
        parts.append("\n".join([title, "", *head, *rows, last, ""]))
    return "\n".join(parts)


def _seconds(timed: Operation | Stage) -> float | None:
    return None if timed.started is None or timed.ended is None else timed.ended - timed.started


def _median(usual: Any) -> float | None:
    if not isinstance(usual, dict) or usual.get("runs") == 1:
        return None  # what was seen once is no usual
    median = usual.get("median")
    return median if isinstance(median, (int, float)) else None


def _row(name: str, seconds: float | None, usual: float | None, *, bold: bool = False) -> str:
    cells = [_cell(name), *(_duration(one) for one in (seconds, usual))]
    return f"| {' | '.join(f'**{cell}**' if bold else cell for cell in cells)} |"


def _duration(seconds: float | None) -> str:
    return "—" if seconds is None else formatting.duration(seconds)


def _cell(words: str) -> str:
    """Return text as it is to be read, whatever a worker called itself."""
    said = text.safe(words, 120)
    return "".join(f"\\{one}" if one in _SPECIAL else one for one in said) or "—"
