"""Lines of several bars over one connection, parsed into events; pure.

`@BAR LINE` is a line of `headway.run.reading.pipe_protocol` of that bar, `@BAR<OTHER LINE` says as
well that it is part of another bar. A line without a bar is that of the connection itself. Beyond
those of a script, a bar knows `stop`: it has ended, short of its total; `left`: the loop over it
was left, and a later line says why; and `end`: the program has ended with it open, and its exit
status says the rest.
"""

from __future__ import annotations

import re

from headway.run.reading.events import StageStarted
from headway.run.reading.pipe_protocol import INPUT_ENDED, Logged, PipeParser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Union

    from headway.run.exit_status import Outcome
    from headway.run.reading.events import Event

    Told = Union[Event, Logged, "Ended", "Left"]
else:
    from headway.light_typing import NamedTuple

BAR_LIMIT = 10_000  # open bars of one connection: a program with more has lost track of them
_PREFIX = re.compile(r"@(\w{1,20})(?:<(\w{1,20}))?\s+")
_STOP, _LEFT, _END = "stop", "left", "end"


class Ended(NamedTuple):
    """A bar has ended; `outcome` is None for one that stopped short of its total.

    An `unfinished` one has ended with its program.
    """

    outcome: Outcome | None
    unfinished: bool = False


class Left(NamedTuple):
    """The loop over a bar was left."""


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
        events: list[Told] = [*parser.feed(rest)]
        self._parsers[bar] = parser
        if any(isinstance(event, StageStarted) for event in events):
            self._left.discard(bar)
        if parser.outcome is not None:
            self._forget(bar)
            events.append(Ended(parser.outcome))
        return Said(bar, inside, events)

    def finish(self) -> list[Said]:
        """Take the end of the connection: return how the open bars have ended.

        A process that was killed says nothing more of what it had left: it has stopped there.
        """
        ended = [
            Said(bar, None, [Ended(None if bar in self._left else _cut_off(parser.finish()))])
            for bar, parser in self._parsers.items()
        ]
        self._parsers.clear()
        self._left.clear()
        return ended

    def _forget(self, bar: str) -> None:
        self._parsers.pop(bar, None)
        self._left.discard(bar)


def _cut_off(outcome: Outcome) -> Outcome:
    """Return how a bar has ended with its connection: nobody has an input."""
    text = outcome.text
    if text is None or not text.startswith(INPUT_ENDED):
        return outcome
    return outcome._replace(text=f"cut off{text[len(INPUT_ENDED) :]}")
