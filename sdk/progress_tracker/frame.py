"""The frame of a tracker: its state to lines of text; pure but for the stages' own clocks.

The lines are those of the original document: title, bar with percentage, time remaining, one
line a stage. Every text in them that a caller gave is made safe first, and nothing in it is
markup. Absent: streams, widths of terminals, rates of drawing.
"""

from __future__ import annotations

from headway import string_width
from headway.formatting import quantity
from headway.formatting import theme as themes
from headway.formatting.theme import SILENT, STYLES, Line, Theme
from headway.states import CANCELLED, COMPLETED, FAILED, PENDING, RUNNING
from progress_tracker.stage import ProgressStage, StageStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Drawable(Protocol):
        """What a frame needs of a tracker."""

        operation_name: str
        stages: list[ProgressStage]
        end_time: float | None

        @property
        def succeeded(self) -> bool:
            """Return whether it has ended well."""
            ...

        def get_overall_progress(self) -> float:
            """Return 0.0 to 1.0."""
            ...

        def format_time_remaining(self) -> str:
            """Return the time left, as text."""
            ...


BAR_WIDTH = 40  # cells, as in the original document
# What stands before the time left: the longest that leaves it whole.
_REMAINING = ("Estimated time remaining: ", "Time remaining: ", "Remaining: ")
LEAST_NAME_WIDTH = 16  # cells of a name that stay in a narrow terminal: enough to tell it
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
    """Return the signs of the document for a stream of `encoding`; an unknown one encodes all."""
    known = encoding if isinstance(encoding, str) else "utf-8"
    theme = themes.for_encoding(known, coloured=coloured)
    running = ">" if theme.ascii else "→"
    return theme._replace(signs={**theme.signs, PENDING: " ", RUNNING: running})


def percent(tracker: Drawable) -> int:
    """Return 0 to 100; 100 only when every stage, or the operation, has completed."""
    progress = tracker.get_overall_progress()
    done = tracker.succeeded or all(
        stage.status is StageStatus.COMPLETED for stage in tracker.stages
    )
    return round(progress * 100) if progress >= 1.0 and done else min(99, round(progress * 100))


def _unknown(tracker: Drawable) -> bool:
    """Return whether bytes are counted whose total is unknown."""
    return any(
        stage.status is StageStatus.IN_PROGRESS and stage.processed_bytes and not stage.total_bytes
        for stage in tracker.stages
    )


def title(tracker: Drawable, theme: Theme) -> Line:
    """Return its name, with dots until its end."""
    name = theme.spell(tracker.operation_name)
    going = tracker.end_time is None and not name.endswith((".", "…"))
    return [("strong", name + ("..." if going else ""))]


def header(tracker: Drawable, theme: Theme, width: int) -> list[Line]:
    """Return title, bar and time remaining; the last only until its end."""
    lines: list[Line] = [title(tracker, theme)]
    if tracker.stages or tracker.end_time is None:  # of nothing there was no part either
        cells = max(4, min(BAR_WIDTH, width - 5))
        share = percent(tracker)
        said = "" if share == 0 and _unknown(tracker) else f" {share}%"
        lines.append([*theme.bar(share / 100, cells), ("", said)])
    if tracker.end_time is None:
        # Terminals do not agree on the cells of the sign's coloured form: it needs room.
        clock = "" if theme.ascii else "⏱️ " if width >= BAR_WIDTH + 5 else "⏱ "
        left = tracker.format_time_remaining()
        said = next(
            (word for word in _REMAINING if string_width.cells(clock + word + left) <= width), ""
        )
        lines.append([("", clock + said), ("warn", left)])
    return lines


def stage_line(stage: ProgressStage, theme: Theme) -> Line:
    """Return one stage: `[✓] name (5s)`, `[→] name (current) 12.5/50 MB 3.1 MB/s`, …."""
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
    """Return the figures of a running stage: percentage, bytes and rate, or its elapsed time."""
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


def block(tracker: Drawable, theme: Theme) -> list[Line]:
    """Return all lines, in the order of the document."""
    lines = header(tracker, theme, BAR_WIDTH + 5)
    if tracker.stages:
        lines.append([])
        lines.extend(stage_line(stage, theme) for stage in tracker.stages)
    return lines


def window(tracker: Drawable, theme: Theme, width: int, height: int) -> list[Line]:
    """Return as many lines as `height` rows of `width` cells hold, the most important kept."""
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
        room = max(room, min(width // 2, LEAST_NAME_WIDTH))
        lines.append([sign, (style, string_width.squeeze(name, room, theme.ellipsis)), *rest])
    if len(shown) < len(stages):
        lines.append([("dim", f"{theme.ellipsis} {len(stages) - len(shown)} more")])
    return [cut(line, width, theme.ellipsis) for line in lines[:height]]


def _rank(stage: ProgressStage, index: int, count: int) -> tuple[int, int]:
    """Return a sort key: failed, running, the next to come, then the last that ended."""
    urgency = _URGENCY.get(stage.status, 3)
    return urgency, (index if urgency < 3 else count - index)


def ending(state: str, message: str, theme: Theme, took: str = "") -> Line:
    """Return the line that stays at its end: completed, failed, cancelled; or a warning."""
    sign, ascii_sign, style = _ENDINGS[state]
    line: Line = [(style, (ascii_sign if theme.ascii else sign) + theme.spell(message))]
    if took:
        line.append(("dim", f" ({took})"))
    return line


def cut(line: Line, width: int, ellipsis: str) -> Line:
    """Return `line` in at most `width` cells."""
    room = width
    made: Line = []
    for style, piece in line:
        taken = string_width.cells(piece)
        if taken > room:
            made.append((style, string_width.clip(piece, room, ellipsis)))
            return made
        made.append((style, piece))
        room -= taken
    return made


def wrap(line: Line, width: int) -> list[Line]:
    """Return `line` in rows of at most `width` cells, with nothing left out."""
    rows: list[Line] = [[]]
    room = width
    for style, piece in line:
        rest = piece
        while rest:
            part = string_width.head(rest, room)
            if not part and room == width:
                part = rest[0]
            if part:
                rows[-1].append((style, part))
            rest = rest[len(part) :]
            room -= string_width.cells(part)
            if rest:
                rows.append([])
                room = width
    return rows
