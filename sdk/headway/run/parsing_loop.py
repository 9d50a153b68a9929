"""Turn the sampled output of a command into events: split lines, parse, notice prompts."""

from __future__ import annotations

from headway.run.operation_updater import OperationUpdater
from headway.run.reading.events import DRAWN, OUTPUT, STATUS, Detail, Parser
from headway.run.reading.terminal_lines import PROGRESS_MARK, Line, LineSplitter
from headway.run.streams.samples import KNOWN_TOOL_LIMIT, Samples

# Newest lines of a stream that are parsed in one turn of the loop. A turn is at most every
# tenth of a second, and nobody prints more lines worth showing; the bound keeps a flood of
# short lines from delaying signals.
LINES_PER_TURN = 500
# Silence after which an unfinished line may be a prompt. Shorter, and a line that is printed
# in two pieces is taken for one; longer, and a person waits for the question to be shown.
QUIET_SECONDS = 1.0
# Seconds in which a known tool's parser has recognized nothing of what was printed, after which its
# output is parsed as an unknown one's. Shorter, and a tool's greeting becomes a stage of its own.
UNRECOGNIZED_SECONDS = 3.0

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class Stream:
    """One stream of the command: its samples and the splitter of its lines."""

    __slots__ = ("samples", "source", "splitter")

    def __init__(self, source: str, samples: Samples) -> None:
        self.source = source
        self.samples = samples
        self.splitter = LineSplitter()


class ParsingLoop:
    """Feeds one parser; one that raises is dropped, and the command goes on.

    Where the parser of a known tool recognizes nothing, `generic` makes one that takes any output.
    """

    def __init__(
        self,
        parser: Parser | None,
        updater: OperationUpdater,
        generic: Callable[[], Parser] | None = None,
    ) -> None:
        self._parser = parser
        self._updater = updater
        self._generic = generic
        self._fallback: Parser | None = None
        self._now = 0.0
        self._unrecognized: float | None = None  # since when nothing has been recognized
        self._last_output = 0.0
        self.status = Stream(STATUS, Samples(KNOWN_TOOL_LIMIT))
        # The status comes last: what it counts in is told by the text before.
        self._streams: list[Stream] = [self.status]

    def add(self, samples: Samples) -> None:
        """Add a stream of output, whose pump fills `samples`."""
        self._streams.insert(-1, Stream(OUTPUT, samples))

    def poll(self, now: float) -> bool:
        """Parse the samples that have come; return whether any have."""
        self._now = now
        came = False
        for stream in self._streams:
            data, lost = stream.samples.take()
            if not data:
                self._lines(stream.splitter.look(), stream.source)
                continue
            came = True
            if lost:
                stream.splitter = LineSplitter()
            self._lines(stream.splitter.feed(data)[-LINES_PER_TURN:], stream.source)
        if came:
            self._last_output = now
        elif now - self._last_output >= QUIET_SECONDS:
            for stream in self._streams[:-1]:
                self._updater.note_unfinished_line(stream.splitter.rest)
        return came

    def finish(self, exit_status: int, now: float) -> None:
        """Parse what is left, and the parsers' verdict on the exit status."""
        self.poll(now)
        for stream in self._streams:
            self._lines(stream.splitter.finish(), stream.source)
        for parser in (self._parser, self._fallback):
            if parser is not None:
                try:
                    self._updater.apply(parser.finish(exit_status))
                except Exception:
                    continue
        self._parser = self._fallback = None

    def _lines(self, lines: list[Line], source: str) -> None:
        for line in lines:
            if source == OUTPUT and not line.drawn and not line.text.startswith(PROGRESS_MARK):
                self._updater.add_line(line.text)
            drawn = source == OUTPUT and line.drawn
            self._line(line.text, DRAWN if drawn else source)

    def _line(self, line: str, source: str) -> None:
        try:
            if self._parser is not None:
                events = self._parser.feed(line, source)
                self._updater.apply(events)
                if source != STATUS and self._generic is not None:
                    self._fall_back(line, source, recognized=bool(events))
                return
        except Exception:
            self._parser = self._generic = None
        self._updater.apply([Detail(line)])

    def _fall_back(self, line: str, source: str, *, recognized: bool) -> None:
        """Have a line that a tool's parser does not know parsed as any output is, after a while."""
        if recognized:
            self._unrecognized = None
            return
        if self._unrecognized is None:
            self._unrecognized = self._now
        if self._now - self._unrecognized < UNRECOGNIZED_SECONDS or self._generic is None:
            return
        if self._fallback is None:
            self._fallback = self._generic()
        self._updater.apply(self._fallback.feed(line, source))
