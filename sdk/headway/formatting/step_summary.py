"""The summary of a CI job's step: what its operations took, stage by stage, as a Markdown table.

Pure.
"""

from __future__ import annotations

from headway import text
from headway.formatting.duration import duration
from headway.formatting.outcome import display_name, outcome_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Mapping, Sequence

    from headway.model import Operation, Stage

    Children = Callable[[str], Iterable[Operation]]

MAX_OPERATIONS = 50  # of a step
MAX_STAGES = 100  # rows of an operation
RUN = "Run"  # the stage of a command that names none
_SPECIAL = "\\`*_{}[]<>|#&"  # of Markdown, within a cell


def summary(
    operations: Sequence[Operation],
    answers: Mapping[str, Mapping[str, Any]],
    inside: Children = lambda _operation: (),
) -> str:
    """Return the tables of ended operations; "" without any.

    `answers` has, by operation, what `headway why --json` tells of it, if it tells anything: there
    is what each stage usually takes. What programs have told `inside` of one stands in its table.
    """
    parts: list[str] = []
    for operation in operations[:MAX_OPERATIONS]:
        answer = answers.get(operation.id, {})
        told = parts_of(operation, inside)
        rows = _rows(operation, answer, "", within=bool(told))
        for part in told:
            rows += _rows(part, answers.get(part.id, {}), display_name(part))
        known = answer.get("usual")
        whole = operation.usual[0] if operation.usual is not None else _median(known)
        title = f"**{_cell(display_name(operation))}** {_cell(outcome_text(operation))}"
        head = ["| stage | took | usual |", "| :-- | --: | --: |"]
        last = _row("all of it", _seconds(operation), whole, bold=True)
        parts.append("\n".join([title, "", *head, *rows[:MAX_STAGES], last, ""]))
    return "\n".join(parts)


def parts_of(operation: Operation, inside: Children) -> list[Operation]:
    """Return the operations inside of one, in the order in which they began; none of theirs."""
    return sorted(inside(operation.id), key=lambda one: one.started or 0.0)


def _rows(
    operation: Operation, answer: Mapping[str, Any], name: str, *, within: bool = False
) -> list[str]:
    """Return the rows of the stages of an operation; `name` is what its own begin with, if any.

    `within`: others are told inside of it, so that a stage that no program has named says nothing.
    """
    usual = {stage.get("name"): stage.get("usual") for stage in answer.get("stages") or []}
    roots = [stage for stage in operation.stages.values() if stage.parent is None]
    if within:
        roots = [stage for stage in roots if stage.name != RUN]
    if name and len(roots) < 2:
        whole = operation.usual[0] if operation.usual is not None else _median(answer.get("usual"))
        return [_row(name, _seconds(operation), whole)]
    lead = f"{name}: " if name else ""
    return [
        _row(f"{lead}{stage.name}", _seconds(stage), _median(usual.get(stage.name)))
        for stage in roots
    ]


def _seconds(timed: Operation | Stage) -> float | None:
    return None if timed.started is None or timed.ended is None else timed.ended - timed.started


def _median(usual: Any) -> float | None:
    median = usual.get("median") if isinstance(usual, dict) else None
    return median if isinstance(median, (int, float)) else None


def _row(name: str, seconds: float | None, usual: float | None, *, bold: bool = False) -> str:
    cells = [_cell(name), *(_duration(one) for one in (seconds, usual))]
    return f"| {' | '.join(f'**{cell}**' if bold else cell for cell in cells)} |"


def _duration(seconds: float | None) -> str:
    return "—" if seconds is None else duration(seconds)


def _cell(words: str) -> str:
    """Return text as it is to be read, whatever a worker called itself."""
    said = text.safe(words, 120)
    return "".join(f"\\{one}" if one in _SPECIAL else one for one in said) or "—"
