"""The first line of a picture: how many operations there are by state, and when all are over.

Pure.
"""

from __future__ import annotations

from typing import Mapping

from headway import string_width, text
from headway.estimate import Estimate
from headway.formatting.theme import SILENT, STOPPED, STYLES, Line, Theme
from headway.model import Operation
from headway.states import OPEN
from headway_viewer import formatting
from headway_viewer.picture.board import COUNTED_STATES, Board, end_word
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.remaining import blank_if_unknown, remaining_of, remaining_of_all

TITLE = "headway"
# Open operations that are looked at, a second, for the longest remaining time; between two looks it
# counts down.
LONGEST_SEARCH_RATE = 1000


class Header:
    """The header of one display."""

    def __init__(self, board: Board, theme: Theme, finish_time: FinishTime) -> None:
        self._board = board
        self._theme = theme
        self._finish_time = finish_time
        self._overall: tuple[int, tuple[str, ...]] = (-1, ())
        self._longest_left: Estimate | None = None
        self._longest_found_at = float("-inf")

    def line(
        self,
        width: int,
        now: float,
        note: str | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> Line:
        """Return the number of operations by state, and the remaining time of all.

        `counts` are those of what is shown, by state. Of a single one that goes on its own row
        tells the time.
        """
        if note is not None:
            return self._laid([("warn", text.safe(note))], (), width)
        board = self._board
        counts = board.counts if counts is None else counts
        parts = _counted(counts, len(board.stopped), len(board.silent), len(board.unheard))
        hint = self._board.hint() if self._board.hint is not None else None
        if hint or not parts:
            parts.append(("dim", self._theme.spell(hint or "nothing is running")))
        right = self.all_remaining(now) if _several_go_on(counts) else ()
        return self._laid(parts, right, width)

    def line_of(self, listed: list[Operation], width: int, now: float) -> Line:
        """Return the header of some operations: how many by state, and their remaining time."""
        board = self._board
        counts = {state: sum(end_word(one) == state for one in listed) for state in COUNTED_STATES}
        names = {one.id for one in listed}
        marked = (len(names & marks) for marks in (board.stopped, board.silent, board.unheard))
        right: tuple[str, ...] = ()
        if _several_go_on(counts):
            right = self._left_words(remaining_of(listed, board, now), now)
        return self._laid(_counted(counts, *marked), right, width)

    def _laid(self, parts: list[tuple[str, str]], right: tuple[str, ...], width: int) -> Line:
        """Return the header; of what is to stand at its right end, the first that fits does.

        Where the parts do not all fit, there is no title, then as many of them as do, whole.
        """
        line: Line = []
        used, lead = 0, ""
        told = f"{TITLE}  {', '.join(part for _, part in parts)}"
        if string_width.cells(told) <= width:
            line, used, lead = [("strong", TITLE)], string_width.cells(TITLE), "  "
        for style, part in parts:
            room = width - used - len(lead)
            if string_width.cells(part) > room:
                if not line:
                    line = [(style, string_width.clip_words(part, room, self._theme.ellipsis))]
                elif string_width.cells(self._theme.ellipsis) <= room:
                    line += [("", lead), ("dim", self._theme.ellipsis)]
                return line
            line += [("", lead), (style, part)]
            used += len(lead) + string_width.cells(part)
            lead = ", "
        for words in right:
            if words and used + 2 + string_width.cells(words) <= width:
                line += [("", " " * (width - used - string_width.cells(words))), ("", words)]
                break
        return line

    def all_remaining(self, now: float) -> tuple[str, ...]:
        """Return the longest remaining time of the open operations, in ever fewer words.

        It is empty where one of them is unknown.
        """
        if not self._board.open:
            return ()  # at once, not with the next second
        second, words = self._overall
        if second != int(now):
            words = self._longest(now)
            self._overall = (int(now), words)
        return words

    def _longest(self, now: float) -> tuple[str, ...]:
        if not 0 <= now - self._longest_found_at < self._board.open / LONGEST_SEARCH_RATE:
            self._longest_left = remaining_of_all(self._board, now)
            self._longest_found_at = now
        found = formatting.counted_down(self._longest_left, now - self._longest_found_at)
        return self._left_words(found, now)

    def _left_words(self, found: Estimate | None, now: float) -> tuple[str, ...]:
        """Return the remaining time of several, in ever fewer words."""
        spell = self._theme.spell
        words = spell(blank_if_unknown(formatting.estimate_text(found, None, 0.0)))
        done = self._finish_time.text(found, self._board.replica, now)
        if not words or not done:
            return (words,)
        done = spell(f"all {done}")
        return (
            f"{words}, {done}",
            done,
            spell(formatting.estimate_text(found, None, 0.0, short=True)),
        )


def _counted(
    counts: Mapping[str, int], stopped: int, silent: int, unheard: int
) -> list[tuple[str, str]]:
    """Return the parts of a header that count, each with its style."""
    states = [state for state in COUNTED_STATES if counts[state]]
    parts = [(STYLES[state], f"{counts[state]} {state}") for state in states]
    if stopped:
        parts.append((STYLES[STOPPED], f"{stopped} {STOPPED} by a signal"))
    if silent:
        parts.append((STYLES[SILENT], f"{silent} silent"))
    if unheard:
        parts.append((STYLES[SILENT], f"{unheard} on hosts out of contact"))
    return parts


def _several_go_on(counts: Mapping[str, int]) -> bool:
    return sum(counts[state] for state in OPEN) > 1
