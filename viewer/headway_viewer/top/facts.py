"""What is known of one operation, a fact a line: what it does, its estimate, its earlier runs.

Pure. A fact has a label, and its words wrap below themselves.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

from headway import string_width
from headway.formatting.outcome import display_name, lasted_text, outcome_texts
from headway.formatting.theme import STYLES, Line, Theme
from headway.model import Operation
from headway.states import CRASHED, FAILED, PENDING, WAITING
from headway_viewer import formatting
from headway_viewer.picture.board import Board
from headway_viewer.picture.pages import stage_lines
from headway_viewer.picture.remaining import blank_if_unknown, remaining_estimate, remaining_text
from headway_viewer.picture.wording.details import details
from headway_viewer.picture.wording.estimate_basis import basis_text, work_text
from headway_viewer.picture.wording.standing import error_lines, stopped_text, waiting_text

LABEL = 10  # cells of the column of labels
NARROW = 40  # cells below which the labels have no column
ERROR_LINES = 3
MOST_RUNS = 40  # in the sparkline
LATE = 1.25  # times the usual: from then on a run is told to be longer
_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.-=#"


class EarlierRuns(NamedTuple):
    """The earlier runs of an operation: their seconds, oldest first, and why this one differs."""

    seconds: tuple[float, ...] = ()
    verdict: str = ""


def earlier_runs_of(answer: Mapping[str, Any]) -> EarlierRuns:
    """Return what `headway why --json` told of earlier runs; it is checked like any other text."""
    earlier = answer.get("earlier")
    seconds = [
        float(one)
        for one in (earlier if isinstance(earlier, list) else ())
        if isinstance(one, (int, float)) and not isinstance(one, bool) and 0 <= one < 1e12
    ]
    verdict = answer.get("verdict")
    return EarlierRuns(tuple(seconds[-MOST_RUNS:]), verdict if isinstance(verdict, str) else "")


def sparkline(values: Sequence[float], theme: Theme) -> str:
    """Return a bar a value, the highest for the largest."""
    bars = _ASCII_BARS if theme.ascii else _BARS
    most = max(values, default=0.0)
    if most <= 0:
        return bars[0] * len(values)
    return "".join(bars[max(0, round(len(bars) * value / most) - 1)] for value in values)


def fact_lines(
    operation: Operation,
    board: Board,
    theme: Theme,
    width: int,
    now: float,
    earlier_runs: EarlierRuns,
) -> list[Line]:
    """Return what is known of an operation, in lines of at most `width` cells."""
    lines: list[Line] = []
    for label, style, words in _facts(operation, board, theme, now, earlier_runs):
        lines += _wrapped(label, style, theme.spell(words), width)
    return lines


def part_lines(operation: Operation, theme: Theme, width: int, now: float) -> list[Line]:
    """Return the stages of an operation, a line each."""
    if len(operation.stages) < 2 and not any(stage.error for stage in operation.stages.values()):
        return []
    return stage_lines(operation, theme, width, now)


def _facts(
    operation: Operation, board: Board, theme: Theme, now: float, earlier_runs: EarlierRuns
) -> list[tuple[str, str, str]]:
    """Return the facts: label, style and words."""
    told = board.told(operation)
    found = [("state", STYLES.get(operation.state, ""), _state(operation, board, now))]
    errors = error_lines(operation, ERROR_LINES) if operation.state in (FAILED, CRASHED) else []
    found += [("error" if line is errors[0] else "", "bad", line) for line in errors]
    estimate = blank_if_unknown(remaining_text(told, board, now)) if operation.open else ""
    if estimate:
        found.append(("estimate", "", ", ".join(_present(estimate, _range(told, board, now)))))
    usual = _usual(operation, now)
    if usual:
        once = operation.usual is not None and operation.usual[3] == 1
        found.append(("before" if once else "usually", "", usual))
    if earlier_runs.seconds:
        found.append(("history", "bar", sparkline(earlier_runs.seconds, theme)))
    if earlier_runs.verdict:
        found.append(("this run", "", earlier_runs.verdict))
    if operation.open:
        words = [one.text for one in details(told, board, now, 3)]
        found += [("now" if one is words[0] else "", "", one) for one in words]
    work = work_text(operation)
    if work and work not in (words for _, _, words in found):
        found.append(("work", "dim", work))
    where = _where(operation)
    if where:
        found.append(("process", "dim", where))
    return found


def _present(*words: str) -> list[str]:
    return [one for one in words if one]


def _state(operation: Operation, board: Board, now: float) -> str:
    """Return "running for 1 min 12 s", or how it ended."""
    if not operation.open:
        return outcome_texts(operation)[0]
    if operation.silent_since is not None and operation.stopped_since is None:
        return f"no contact for {formatting.duration(now - operation.silent_since)}"
    stopped = stopped_text(operation, now)
    if stopped:
        return stopped
    if operation.state == WAITING:
        return waiting_text(operation, board.replica.since(operation.id), now)
    if operation.state == PENDING or operation.started is None:
        return operation.state
    if operation.left and operation.reason:
        return operation.reason
    return f"{operation.state} for {lasted_text(operation, now)}"


def _range(operation: Operation, board: Board, now: float) -> str:
    """Return "from 40 s to 3 min, by earlier runs": how sure an estimate is, and of what."""
    estimate = remaining_estimate(operation, board, now)
    if estimate is None:
        return ""
    low, high = formatting.duration(estimate.low), formatting.duration(estimate.high)
    span = f"from {low} to {high}" if low != high else ""
    return ", ".join(_present(span, basis_text(operation).replace("estimated ", "")))


def _usual(operation: Operation, now: float) -> str:
    """Return how long its earlier runs took, and this one against them."""
    if operation.usual is None:
        return ""
    median, low, high, runs = operation.usual
    words, least, most = map(formatting.duration, (median, low, high))
    if runs > 1 and least != most:
        words += f" ({least} to {most} in {runs:g} runs)"
    elif runs:
        words += f" ({runs:g} run{'s'[: runs > 1]})"
    if operation.started is not None and median > 0:
        lasted = operation.worked_for(now)
        if lasted >= LATE * median:
            words += f"; this one ×{lasted / median:.1f}"
    return words


def _where(operation: Operation) -> str:
    """Return "pid 4711, ann at host, terminal pts/3"."""
    pid = f"pid {operation.pid}" if operation.pid is not None else ""
    who = " at ".join(_present(operation.user or "", operation.host or ""))
    terminal = (operation.tty or "").replace("/dev/", "", 1)
    return ", ".join(_present(pid, who, f"terminal {terminal}" if terminal else ""))


def _wrapped(label: str, style: str, words: str, width: int) -> list[Line]:
    """Return a fact in lines, its words below each other."""
    if width < NARROW:
        lead, room = f"{label} " if label else "", width
        return [
            [
                ("dim", string_width.head(lead, room)),
                (style, string_width.clip(words, max(room - len(lead), 0))),
            ]
        ]
    room = width - LABEL
    lines: list[Line] = []
    for piece in _pieces(words, room):
        lines.append([("dim", f"{'' if lines else label:<{LABEL}}"), (style, piece)])
    return lines


def _pieces(words: str, room: int) -> list[str]:
    """Break words into lines at spaces, and inside of a word that is longer than a line."""
    pieces: list[str] = []
    rest = words
    while rest:
        piece = string_width.head(rest, room)
        if piece != rest:
            at = piece.rfind(" ")
            if at > room // 2:
                piece = piece[:at]
        pieces.append(piece.rstrip())
        rest = rest[len(piece) :].lstrip() if piece else ""
    return pieces or [""]


def title(operation: Operation, theme: Theme) -> str:
    """Return the name of an operation, as a title."""
    return theme.spell(display_name(operation))
