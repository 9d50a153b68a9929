"""What a tracker looks like: its state to lines of text; pure but for the stages' own clocks.

The lines are those of the original document: title, bar with percent, time remaining, one
line a stage. Every text in them that a caller gave is made safe first, and nothing in it is
markup. Absent: streams, widths of terminals, rates of drawing.
"""

from __future__ import annotations

from headway import text
from headway.formatting import quantity
from headway.formatting import theme as themes
from headway.formatting.theme import SILENT, STYLES, Line, Theme
from headway.model import CANCELLED, COMPLETED, FAILED, PENDING, RUNNING
from progress_tracker.stage import ProgressStage, StageStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Pictured(Protocol):
        """A tracker, as what there is to show of it."""

        operation_name: str
        stages: list[ProgressStage]
        end_time: float | None

        def get_overall_progress(self) -> float:
            """0.0 to 1.0."""
            ...

        def format_time_remaining(self) -> str:
            """How long it will still take."""
            ...


BAR = 40  # cells
LEAST = 16  # cells of a name that stay, if there are any
_STATES = {
    StageStatus.PENDING: PENDING,
    StageStatus.IN_PROGRESS: RUNNING,
    StageStatus.COMPLETED: COMPLETED,
    StageStatus.FAILED: FAILED,
    StageStatus.CANCELLED: CANCELLED,
}
_URGENCY = {StageStatus.FAILED: 0, StageStatus.IN_PROGRESS: 1, StageStatus.PENDING: 2}
_ENDINGS = {
    "completed": ("✅ ", "", "good"),
    "failed": ("❌ ", "FAILED: ", "bad"),
    "cancelled": ("⊗ ", "", "warn"),
    "warning": ("⚠ ", "", "warn"),
}


def theme_for(encoding: object, *, coloured: bool = False) -> Theme:
    """The signs of the document for a stream of `encoding`; an unknown one takes everything."""
    known = encoding if isinstance(encoding, str) else "utf-8"
    theme = themes.for_encoding(known, coloured=coloured)
    running = ">" if theme.ascii else "→"
    return theme._replace(signs={**theme.signs, PENDING: " ", RUNNING: running})


def percent(tracker: Pictured) -> int:
    """0 to 100; 100 only when every stage, or the operation, has completed."""
    progress = tracker.get_overall_progress()
    done = all(stage.status is StageStatus.COMPLETED for stage in tracker.stages)
    return round(progress * 100) if progress >= 1.0 and done else min(99, round(progress * 100))


def _unknown(tracker: Pictured) -> bool:
    """Whether bytes come in of which nobody knows how many there will be."""
    return any(
        stage.status is StageStatus.IN_PROGRESS and stage.processed_bytes and not stage.total_bytes
        for stage in tracker.stages
    )


def title(tracker: Pictured, theme: Theme) -> Line:
    """Its name, with dots while it goes on."""
    name = theme.spell(tracker.operation_name)
    going = tracker.end_time is None and not name.endswith((".", "…"))
    return [("strong", name + ("..." if going else ""))]


def header(tracker: Pictured, theme: Theme, width: int) -> list[Line]:
    """Title, bar and time remaining; the last only until its end."""
    lines: list[Line] = [title(tracker, theme)]
    if tracker.stages or tracker.end_time is None:  # of nothing there was no part either
        cells = max(4, min(BAR, width - 5))
        share = percent(tracker)
        said = "" if share == 0 and _unknown(tracker) else f" {share}%"
        lines.append([*theme.bar(share / 100, cells), ("", said)])
    if tracker.end_time is None:
        # Terminals do not agree on the cells of the sign's coloured form: it needs room.
        clock = "" if theme.ascii else "⏱️ " if width >= BAR + 5 else "⏱ "
        left = tracker.format_time_remaining()
        lines.append([("", f"{clock}Estimated time remaining: "), ("warn", left)])
    return lines


def stage_line(stage: ProgressStage, theme: Theme) -> Line:
    """One stage: `[✓] name (5s)`, `[→] name (current) 12.5/50 MB 3.1 MB/s`, …."""
    state = _STATES.get(stage.status, SILENT)  # a program may have assigned anything
    style = STYLES[state]
    line: Line = [(style, f"[{theme.signs[state]}]"), ("", " " + theme.spell(stage.name))]
    if stage.status is StageStatus.COMPLETED:
        line.append(("dim", f" ({stage.format_elapsed()})"))
    elif stage.status is StageStatus.IN_PROGRESS:
        line.append((style, " (current)"))
        line.append(("", _running_text(stage)))
    elif stage.status is StageStatus.FAILED:
        why = f": {theme.spell(stage.error)}" if stage.error else ""
        line.append((style, f" (failed{why})"))
    elif stage.status is StageStatus.CANCELLED:
        line.append((style, " (cancelled)"))
    return line


def _running_text(stage: ProgressStage) -> str:
    """What a running stage has to show: percent, bytes and rate, or how long it has gone on."""
    said: list[str] = []
    total = stage.total_bytes or None
    if stage.progress > 0 and (total or not stage.processed_bytes):
        said.append(f"{min(99, round(stage.progress * 100))}%")
    if stage.processed_bytes > 0:
        said.append(quantity.amount(stage.processed_bytes, total, "B"))
        speed = stage.rate()
        if speed and stage.elapsed_time >= 0.5:
            said.append(quantity.rate(speed, "B"))
    if not said and stage.elapsed_time >= 1.0:
        said.append(stage.format_elapsed())
    return "".join(f" {word}" for word in said)


def block(tracker: Pictured, theme: Theme) -> list[Line]:
    """Everything, in the order of the document."""
    lines = header(tracker, theme, BAR + 5)
    if tracker.stages:
        lines.append([])
        lines.extend(stage_line(stage, theme) for stage in tracker.stages)
    return lines


def window(tracker: Pictured, theme: Theme, width: int, height: int) -> list[Line]:
    """As much of it as `height` rows of `width` cells hold, what matters first kept."""
    head = header(tracker, theme, width)
    stages = list(tracker.stages)
    room = max(1, height - len(head) - 1)
    shown = list(range(len(stages)))
    if len(stages) > room:
        by_urgency = sorted(shown, key=lambda i: _rank(stages[i], i, len(stages)))
        shown = sorted(by_urgency[: room - 1])
    for line in head:  # in place there is no room for doubt
        line[:] = [(style, piece.replace("\ufe0f", "")) for style, piece in line]
    lines = [*head, []] if stages and height > len(head) + 2 else head
    for index in shown:
        sign, (style, name), *rest = stage_line(stages[index], theme)
        # What there is to say of a stage goes before the middle of a long name.
        room = width - themes.width((sign, *rest))
        room = max(room, min(width // 2, LEAST))
        lines.append([sign, (style, text.squeeze(name, room, theme.ellipsis)), *rest])
    if len(shown) < len(stages):
        lines.append([("dim", f"{theme.ellipsis} {len(stages) - len(shown)} more")])
    return [cut(line, width, theme.ellipsis) for line in lines[:height]]


def _rank(stage: ProgressStage, index: int, count: int) -> tuple[int, int]:
    """Failed, running, the next to come, then the last that ended."""
    urgency = _URGENCY.get(stage.status, 3)
    return urgency, (index if urgency < 3 else count - index)


def ending(state: str, message: str, theme: Theme, took: str = "") -> Line:
    """The line that stays when it has ended: completed, failed, cancelled; or a warning."""
    sign, ascii_sign, style = _ENDINGS[state]
    line: Line = [(style, (ascii_sign if theme.ascii else sign) + theme.spell(message))]
    if took:
        line.append(("dim", f" ({took})"))
    return line


def cut(line: Line, width: int, ellipsis: str) -> Line:
    """`line` in at most `width` cells."""
    room = width
    made: Line = []
    for style, piece in line:
        taken = text.cells(piece)
        if taken > room:
            made.append((style, text.clip(piece, room, ellipsis)))
            return made
        made.append((style, piece))
        room -= taken
    return made


def wrap(line: Line, width: int) -> list[Line]:
    """`line` in rows of at most `width` cells, with nothing left out."""
    rows: list[Line] = [[]]
    room = width
    for style, piece in line:
        rest = piece
        while rest:
            part = text.head(rest, room)
            if not part and room == width:
                part = rest[0]
            if part:
                rows[-1].append((style, part))
            rest = rest[len(part) :]
            room -= text.cells(part)
            if rest:
                rows.append([])
                room = width
    return rows
