"""Turn the sampled output of a command into events: split lines, parse, notice prompts."""

from __future__ import annotations

from headway.run.operation_updater import OperationUpdater
from headway.run.reading.events import OUTPUT, STATUS, Detail, Parser
from headway.run.reading.terminal_lines import PROGRESS_MARK, LineSplitter
from headway.run.streams.samples import KNOWN_TOOL_LIMIT, Samples

# Newest lines of a stream that are parsed in one turn of the loop. A turn is at most every
# tenth of a second, and nobody prints more lines worth showing; the bound keeps a flood of
# short lines from delaying signals.
LINES_PER_TURN = 500
# Silence after which an unfinished line may be a prompt. Shorter, and a line that is printed
# in two pieces is taken for one; longer, and a person waits for the question to be shown.
QUIET_SECONDS = 1.0


class Stream:
    """One stream of the command: its samples and the splitter of its lines."""

    __slots__ = ("samples", "source", "splitter")

    def __init__(self, source: str, samples: Samples) -> None:
        self.source = source
        self.samples = samples
        self.splitter = LineSplitter()


class ParsingLoop:
    """Feeds one parser; one that raises is dropped, and the command goes on."""

    def __init__(self, parser: Parser | None, updater: OperationUpdater) -> None:
        self._parser = parser
        self._updater = updater
        self._last_output = 0.0
        self.status = Stream(STATUS, Samples(KNOWN_TOOL_LIMIT))
        # The status comes last: what it counts in is told by the text before.
        self._streams: list[Stream] = [self.status]

    def add(self, samples: Samples) -> None:
        """Add a stream of output, whose pump fills `samples`."""
        self._streams.insert(-1, Stream(OUTPUT, samples))

    def poll(self, now: float) -> bool:
        """Parse the samples that have come; return whether any have."""
        came = False
        for stream in self._streams:
            data, lost = stream.samples.take()
            if not data:
                continue
            came = True
            if lost:
                stream.splitter = LineSplitter()
            for line in stream.splitter.feed(data)[-LINES_PER_TURN:]:
                self._line(line, stream.source)
        if came:
            self._last_output = now
        elif now - self._last_output >= QUIET_SECONDS:
            for stream in self._streams[:-1]:
                self._updater.note_unfinished_line(stream.splitter.rest)
        return came

    def finish(self, exit_status: int, now: float) -> None:
        """Parse what is left, and the parser's verdict on the exit status."""
        self.poll(now)
        for stream in self._streams:
            for line in stream.splitter.finish():
                self._line(line, stream.source)
        if self._parser is not None:
            try:
                self._updater.apply(self._parser.finish(exit_status))
            except Exception:
                self._parser = None

    def _line(self, line: str, source: str) -> None:
        if source == OUTPUT and not line.startswith(PROGRESS_MARK):
            self._updater.add_line(line)
        try:
            if self._parser is not None:
                self._updater.apply(self._parser.feed(line, source))
                return
        except Exception:
            self._parser = None
        self._updater.apply([Detail(line)])
