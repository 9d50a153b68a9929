"""The lines that a shell script writes to `headway pipe`, parsed into events; pure.

stage NAME [total=N] [unit=U]   the next stage begins, the one before has completed
done N | advance [N] | total N  counts of the stage
N% or N                         per cent of the stage
detail TEXT or # TEXT           what it is busy with
wait REASON | run               it is held up; it goes on
plan A, B, C                    stages that will come
log TEXT                        a line of output
skip [REASON]                   the stage was not needed
complete | fail TEXT | cancel   the end of the operation
"""

from __future__ import annotations

import math
import re
from typing import Callable, NamedTuple

from headway.run.exit_status import Outcome
from headway.run.reading.events import (
    Detail,
    Event,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    Waiting,
)

INPUT_ENDED = "the input ended"  # before a stage's total
DEFAULT_STAGE = "Run"  # of a script that names none
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%?$")
_SETTING = re.compile(r"\s+(total|unit)=(\S+)$")


class Logged(NamedTuple):
    """A line of output."""

    text: str


class PipeSyntaxError(ValueError):
    """A line that is not in the protocol; the text says why."""


class PipeParser:
    """Parses the lines of one script; `outcome` is None until a line ends the operation.

    With `needs_end`, one that none ends has failed.
    """

    def __init__(self, *, needs_end: bool = False) -> None:
        self._needs_end = needs_end
        self.outcome: Outcome | None = None
        self._stage: str | None = None
        self._done = 0.0
        self._total: float | None = None

    def feed(self, line: str) -> list[Event | Logged]:
        """Take a line; raise PipeSyntaxError, and then change nothing."""
        line = line.strip()
        if not line or self.outcome is not None:
            return []
        if line.startswith("#"):
            return self._detail(line[1:].strip())
        match = _PERCENT.match(line)
        if match:
            return self._move(float(match.group(1)), 100, "%")
        word, _, rest = line.partition(" ")
        act = _COMMANDS.get(word)
        if act is None and line.endswith("%"):
            raise PipeSyntaxError(f"{line[:-1]!r} is no number")
        if act is None:
            raise PipeSyntaxError(f"unknown word {word!r}")
        return act(self, rest.strip())

    def finish(self) -> Outcome:
        """Take the end of the input: a stage that fell short of its total has failed."""
        if self.outcome is not None:
            return self.outcome
        if self._needs_end:
            return Outcome("failed", "the script ended without saying how")
        if self._total is not None and self._done < self._total:
            return Outcome("failed", f"{INPUT_ENDED} at {self._done:g} of {self._total:g}")
        return Outcome("completed", None)

    def _begin(self) -> list[Event | Logged]:
        if self._stage is not None:
            return []
        self._stage = DEFAULT_STAGE
        return [StageStarted(DEFAULT_STAGE)]

    def _stage_begins(self, rest: str) -> list[Event | Logged]:
        settings: dict[str, str] = {}
        while True:
            match = _SETTING.search(" " + rest)
            if match is None:
                break
            settings[match.group(1)] = match.group(2)
            rest = (" " + rest)[: match.start()].strip()
        if not rest:
            raise PipeSyntaxError("stage needs a name")
        total = _number(settings["total"]) if "total" in settings else None
        events: list[Event | Logged] = []
        if self._stage is not None and self._stage != rest:
            events.append(StageEnded(self._stage))
        self._stage, self._done, self._total = rest, 0, total
        return [*events, StageStarted(rest, total, settings.get("unit"))]

    def _move(
        self, done: float, total: float | None = None, unit: str | None = None
    ) -> list[Event | Logged]:
        events = self._begin()
        self._done = done
        self._total = self._total if total is None else total
        return [*events, StageMoved(self._stage or DEFAULT_STAGE, done, total, None, unit)]

    def _advance(self, rest: str) -> list[Event | Logged]:
        return self._move(self._done + (_number(rest) if rest else 1))

    def _set_total(self, rest: str) -> list[Event | Logged]:
        total = _number(rest)
        return self._move(self._done, total)

    def _detail(self, text: str) -> list[Event | Logged]:
        return [*self._begin(), Detail(text)]

    def _wait(self, reason: str) -> list[Event | Logged]:
        return [Waiting(reason or "something")]

    def _run(self, rest: str) -> list[Event | Logged]:
        return [*self._begin(), StageMoved(self._stage or DEFAULT_STAGE, None)]

    def _plan(self, rest: str) -> list[Event | Logged]:
        names = [name.strip() for name in rest.split(",") if name.strip()]
        if not names:
            raise PipeSyntaxError("plan needs names")
        return [Planned(tuple(StageStarted(name) for name in names))]

    def _log(self, text: str) -> list[Event | Logged]:
        return [Logged(text)]

    def _skip(self, reason: str) -> list[Event | Logged]:
        stage, self._stage = self._stage, None
        self._done, self._total = 0, None
        return [StageEnded(stage, "skipped", reason or None)] if stage else []

    def _complete(self, rest: str) -> list[Event | Logged]:
        self.outcome = Outcome("completed", None)
        return []

    def _fail(self, text: str) -> list[Event | Logged]:
        self.outcome = Outcome("failed", text or "the script says so")
        return []

    def _cancel(self, reason: str) -> list[Event | Logged]:
        self.outcome = Outcome("cancelled", reason or None)
        return []


_COMMANDS: dict[str, Callable[[PipeParser, str], list[Event | Logged]]] = {
    "stage": PipeParser._stage_begins,
    "done": lambda parser, rest: parser._move(_number(rest)),
    "advance": PipeParser._advance,
    "total": PipeParser._set_total,
    "detail": PipeParser._detail,
    "wait": PipeParser._wait,
    "run": PipeParser._run,
    "plan": PipeParser._plan,
    "log": PipeParser._log,
    "skip": PipeParser._skip,
    "complete": PipeParser._complete,
    "fail": PipeParser._fail,
    "cancel": PipeParser._cancel,
}


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise PipeSyntaxError(f"{text!r} is no number") from None
    if not math.isfinite(number):
        raise PipeSyntaxError(f"{text!r} is no number")
    return int(number) if number.is_integer() else number
