"""Lines of several bars over one connection, parsed into events; pure.

`@BAR LINE` is a line of `headway.run.reading.pipe_protocol` of that bar, `@BAR<OTHER LINE` says as
well that it is part of another bar. A line without a bar is that of the connection itself. Beyond
those of a script, a bar knows `announce NAME`: it will begin, by `stage`; `stop`: it has ended,
short of its total; `left`: the loop over it was left, and a later line says why; and `end`: the
program has ended with it open, and its exit status says the rest.
"""

from __future__ import annotations

import re

from headway.model import NOT_REACHED
from headway.run.exit_status import Outcome
from headway.run.reading.events import StageEnded, StageStarted
from headway.run.reading.pipe_protocol import INPUT_ENDED, Logged, PipeParser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Union

    from headway.run.reading.events import Event

    Told = Union[Event, Logged, "Announced", "Ended", "Left"]
else:
    from headway.light_typing import NamedTuple

BAR_LIMIT = 10_000  # open bars of one connection: a program with more has lost track of them
_PREFIX = re.compile(r"@(\w{1,20})(?:<(\w{1,20}))?\s+")
_STOP, _LEFT, _END = "stop", "left", "end"
_ANNOUNCE = "announce "


class Ended(NamedTuple):
    """A bar has ended; `outcome` is None for one that stopped short of its total.

    An `unfinished` one has ended with its program, one that was `cut` with its connection.
    """

    outcome: Outcome | None
    unfinished: bool = False
    cut: bool = False


class Left(NamedTuple):
    """The loop over a bar was left."""


class Announced(NamedTuple):
    """A bar that is yet to begin."""

    name: str
    total: float | None = None
    unit: str | None = None


class Said(NamedTuple):
    """What one line says: of which bar, which is part of `inside`, and the events."""

    bar: str
    inside: str | None
    events: list[Told]


class BarLines:
    """Parses the lines of one connection."""

    def __init__(self) -> None:
        self._parsers: dict[str, PipeParser] = {}
        self._left: set[str] = set()
        self._announced: set[str] = set()  # which have not begun

    def feed(self, line: str) -> Said:
        """Take a line; raise `PipeSyntaxError`, and then change nothing."""
        match = _PREFIX.match(line)
        bar, inside = ("", None) if match is None else (match.group(1), match.group(2))
        rest = line if match is None else line[match.end() :]
        parser = self._parsers.get(bar)
        if parser is None:
            if len(self._parsers) >= BAR_LIMIT:
                return Said(bar, inside, [])
            parser = PipeParser()
        if rest.strip() in (_STOP, _END):
            self._forget(bar)
            return Said(bar, inside, [Ended(None, unfinished=rest.strip() == _END)])
        if rest.strip() == _LEFT:
            self._left.add(bar)
            return Said(bar, inside, [Left()])
        if rest.startswith(_ANNOUNCE):
            begun = parser.feed("stage " + rest[len(_ANNOUNCE) :])[-1]
            self._parsers[bar] = parser
            self._announced.add(bar)
            return Said(bar, inside, [Announced(*begun[:3])])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        events: list[Told] = [*parser.feed(rest)]
        self._parsers[bar] = parser
        if any(isinstance(event, StageStarted) for event in events):
            self._left.discard(bar)
            self._announced.discard(bar)
        if bar in self._announced and any(isinstance(event, StageEnded) for event in events):
            self._forget(bar)
        if parser.outcome is not None:
            self._forget(bar)
            events.append(Ended(parser.outcome))
        return Said(bar, inside, events)

    def finish(self) -> list[Said]:
        """Take the end of the connection: return how the open bars have ended.

        A process that was killed says nothing more of what it had left: it has stopped there.
        """
        ended: list[Said] = []
        for bar, parser in self._parsers.items():
            if bar in self._announced:
                how: Told = Ended(Outcome("skipped", NOT_REACHED))
            elif bar in self._left:
                how = Ended(None)
            else:
                how = Ended(_cut_off(parser.finish()), cut=True)
            ended.append(Said(bar, None, [how]))
        self._parsers.clear()
        self._left.clear()
        self._announced.clear()
        return ended

    def _forget(self, bar: str) -> None:
        self._parsers.pop(bar, None)
        self._left.discard(bar)
        self._announced.discard(bar)


def _cut_off(outcome: Outcome) -> Outcome:
    """Return how a bar has ended with its connection: nobody has an input."""
    text = outcome.text
    if text is None or not text.startswith(INPUT_ENDED):
        return outcome
    return outcome._replace(text=f"cut off{text[len(INPUT_ENDED) :]}")
