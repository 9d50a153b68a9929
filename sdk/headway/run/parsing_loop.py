"""From samples of a command's streams to its reporter: cutting, parsing, noticing silence."""

from __future__ import annotations

from headway.run.reading.events import OUTPUT, STATUS, Detail, Parser
from headway.run.reading.lines import PROGRESS_MARK, LineCutter
from headway.run.reporter import Reporter
from headway.run.streams.samples import KNOWN, Samples

LINES = 500  # newest lines of a stream that are looked at in one turn
QUIET = 1.0  # seconds without output after which an unfinished line may be a question


class Stream:
    """One stream of the command, as far as it is looked at."""

    __slots__ = ("cutter", "samples", "source")

    def __init__(self, source: str, samples: Samples) -> None:
        self.source = source
        self.samples = samples
        self.cutter = LineCutter()


class Reading:
    """Feeds the parser; one that raises is not asked again, and the command goes on."""

    def __init__(self, parser: Parser | None, reporter: Reporter) -> None:
        self._parser = parser
        self._reporter = reporter
        self._heard = 0.0
        self.status = Stream(STATUS, Samples(KNOWN))
        # The status comes last: what it counts in is told by the text before.
        self._streams: list[Stream] = [self.status]

    def add(self, samples: Samples) -> None:
        """Add a stream of output, whose pump fills `samples`."""
        self._streams.insert(-1, Stream(OUTPUT, samples))

    def look(self, now: float) -> bool:
        """Read what has come; tell whether anything has."""
        came = False
        for stream in self._streams:
            data, lost = stream.samples.take()
            if not data:
                continue
            came = True
            if lost:
                stream.cutter = LineCutter()
            for line in stream.cutter.feed(data)[-LINES:]:
                self._line(line, stream.source)
        if came:
            self._heard = now
        elif now - self._heard >= QUIET:
            for stream in self._streams[:-1]:
                self._reporter.quiet(stream.cutter.rest)
        return came

    def finish(self, exit_status: int, now: float) -> None:
        """Read the rest, and what the parser makes of the end."""
        self.look(now)
        for stream in self._streams:
            for line in stream.cutter.finish():
                self._line(line, stream.source)
        if self._parser is not None:
            try:
                self._reporter.apply(self._parser.finish(exit_status))
            except Exception:
                self._parser = None

    def _line(self, line: str, source: str) -> None:
        if source == OUTPUT and not line.startswith(PROGRESS_MARK):
            self._reporter.printed(line)
        try:
            if self._parser is not None:
                self._reporter.apply(self._parser.feed(line, source))
                return
        except Exception:
            self._parser = None
        self._reporter.apply([Detail(line)])
