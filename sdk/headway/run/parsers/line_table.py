"""A tool's parser as a table: a regular expression a line, and what such a line means.

Pure. A rule's groups have these names:

done, total   counts in the stage's unit; with the unit "B" sizes ("1.5 MiB"), with "s" times
              ("00:01:02.5")
percent       per cent; of `total` where that is given, too
left          what is still to be done
stage         the stage's name, where the rule has none
detail        what it is busy with
text          of a rule that fails or asks: the tool's words

A line that only has a total announces it. A stage that begins ends the one before, unless the
table's stages run `together`; a stage that a line names is one of several, unless it is `sole`;
a count that falls begins the stage anew. A count beyond its total shows that the total was wrong:
it is unknown from then on.
"""

from __future__ import annotations

import re
from typing import Match, NamedTuple, Pattern

from headway.run.reading.command_line import Command
from headway.run.reading.events import (
    Event,
    Failed,
    NeedsInput,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
    Withdrawn,
)
from headway.run.reading.sizes import parse_size

RUN = "Run"  # the stage of a rule that names none
STAGES = 100  # of one run that are told apart: what comes beyond them is not shown
NAME_LIMIT = 60  # characters of a stage's name that is taken from a line
BYTES, SECONDS = "B", "s"
COUNTS, BEGINS, ENDS, FAILS, ASKS = "counts", "begins", "ends", "fails", "asks"
MEANINGS = frozenset({COUNTS, BEGINS, ENDS, FAILS, ASKS})
GROUPS = frozenset({"done", "total", "percent", "left", "stage", "detail", "text"})


class Rule(NamedTuple):
    """What a line that `pattern` finds means.

    `meaning` is None for a line with counts, COUNTS where each line is one more that is done,
    BEGINS where it is one that begins (`done` is its number, if given), ENDS where the stage has
    ended, FAILS and ASKS for an error and a question. `step` is 1000 or 1024, for what a "k"
    stands. `sole`: the stage that a line names is the only one of a run.
    """

    pattern: Pattern[str]
    stage: str | None = None
    unit: str | None = None
    meaning: str | None = None
    step: int = 1000
    sole: bool = False

    @property
    def untold(self) -> bool:
        """Return whether stages may come beside the one that a line names."""
        return self.stage is None and "stage" in self.pattern.groupindex and not self.sole


class Table(NamedTuple):
    """The rules of a tool, the first that matches first; `words` may be shown in its name."""

    rules: tuple[Rule, ...]
    words: frozenset[str] = frozenset()
    together: bool = False


def rule(
    pattern: str,
    stage: str | None = None,
    unit: str | None = None,
    meaning: str | None = None,
    step: int = 1000,
    *,
    sole: bool = False,
) -> Rule:
    """Return a rule with its regular expression compiled."""
    return Rule(re.compile(pattern), stage, unit, meaning, step, sole)


class Tool:
    """A tool that a table describes, with the interface of a parser's module."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def name_of(self, command: Command) -> str:
        """Return the operation's name: "restic backup"."""
        program = command.program.rsplit("/", 1)[-1]
        word = next((word for word in command.words if word in self._table.words), None)
        return f"{program} {word}" if word else program

    def Parser(self, command: Command | None = None) -> Parser:  # noqa: N802 - as in a module
        """Return a parser for one run."""
        return Parser(self._table)


class _Stage:
    __slots__ = ("begun", "count", "done", "running", "total", "unsure")

    def __init__(self) -> None:
        self.running = False
        self.done: float = 0
        self.total: float | None = None
        self.count = 0
        self.begun = False  # `count` are those that have begun
        self.unsure = False  # its total was wrong


class Parser:
    """Lines into stages, by a table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._stages: dict[str, _Stage] = {}
        self._at: str | None = None
        self._failed = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        for found in self._table.rules:
            match = found.pattern.search(line)
            if match is not None:
                return self._take(found, match)
        return []

    def finish(self, exit_status: int) -> list[Event]:
        """End the open stages."""
        return self._end_all() if exit_status == 0 else []

    def _take(self, found: Rule, match: Match[str]) -> list[Event]:
        groups = match.groupdict()
        if found.meaning == FAILS:
            text = (groups.get("text") or match.group()).strip()
            failed, self._failed = self._failed, True
            return [] if failed or not text else [Failed(text)]
        if found.meaning == ASKS:
            return [NeedsInput((groups.get("text") or match.group()).strip())]
        name = (found.stage or groups.get("stage") or self._at or RUN).strip()[:NAME_LIMIT]
        stage = self._stages.get(name)
        if stage is None:
            if len(self._stages) >= STAGES:
                return []
            stage = self._stages[name] = _Stage()
        if found.meaning == ENDS:
            return self._count(name, stage, groups, found) + self._end(name)
        return self._count(name, stage, groups, found)

    def _count(
        self, name: str, stage: _Stage, groups: dict[str, str | None], found: Rule
    ) -> list[Event]:
        unit = found.unit
        done, total, left = (
            _value(groups.get(group), unit, found.step) for group in ("done", "total", "left")
        )
        percent = _value(groups.get("percent"), None, 1000)
        if found.meaning == COUNTS:
            stage.count += 1
            done = stage.count
        elif found.meaning == BEGINS:
            stage.count = int(done) if done is not None else stage.count + 1
            stage.begun = True
            done = max(0, stage.count - 1)
        if left is not None:
            total = (done or 0) + left if total is None else total
            done = total - left if done is None else done
        if done is None and percent is not None:
            whole = total if unit == BYTES else None
            if whole is None:
                done, total, unit = percent, 100, "%"
            else:
                done = round(whole * percent / 100)
        elif done is None and total is not None and not stage.running and not groups.get("detail"):
            stage.total = total  # it is announced
            return []
        if done is None and found.meaning == ENDS and not stage.running:
            return []
        moved = self._move(name, stage, done, total or stage.total, groups.get("detail"), unit)
        begins = any(isinstance(event, StageStarted) for event in moved)
        return [Untold(), *moved] if begins and found.untold else moved

    def _move(
        self,
        name: str,
        stage: _Stage,
        done: float | None,
        total: float | None,
        detail: str | None,
        unit: str | None,
    ) -> list[Event]:
        events: list[Event] = []
        again = done is not None and done < stage.done
        wrong = done is not None and total is not None and done > total
        if again and stage.running:
            events.append(StageEnded(name))
        if again or wrong or stage.unsure:
            total = None if wrong or (stage.unsure and not again) else total
        if not stage.running or again:
            events += [] if self._table.together else self._end_others(name)
            events.append(StageStarted(name, total, unit))
            stage.running, stage.unsure = True, False
        elif wrong and not stage.unsure:
            events.append(Withdrawn(name))
        stage.unsure = stage.unsure or wrong
        stage.done = stage.done if done is None else done
        stage.total = None if wrong else total
        self._at = name
        return [*events, StageMoved(name, done, total, detail.strip() if detail else None, unit)]

    def _end(self, name: str) -> list[Event]:
        stage = self._stages[name]
        if not stage.running:
            return []
        # With the stage, what has begun last is done.
        last = [StageMoved(name, stage.count)] if stage.begun and stage.count > stage.done else []
        stage.running = False
        stage.done = stage.count = 0
        stage.total = None
        return [*last, StageEnded(name)]

    def _end_others(self, name: str) -> list[Event]:
        return [
            event
            for other in reversed(list(self._stages))
            if other != name
            for event in self._end(other)
        ]

    def _end_all(self) -> list[Event]:
        return [event for name in reversed(list(self._stages)) for event in self._end(name)]


def _value(text: str | None, unit: str | None, step: int) -> float | None:
    if not text:
        return None
    text = text.strip()
    if unit == BYTES:
        return parse_size(text, step)
    if unit == SECONDS and ":" in text:
        seconds = 0.0
        for part in text.split(":"):
            number = _number(part)
            if number is None:
                return None
            seconds = 60 * seconds + number
        return seconds
    return _number(text.replace(",", ""))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number
