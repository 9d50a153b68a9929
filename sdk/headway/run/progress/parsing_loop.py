"""Turn the sampled output of a command into events: split lines, parse, notice prompts."""

from __future__ import annotations

from headway.run.progress.operation_updater import OperationUpdater
from headway.run.reading.events import DRAWN, OUTPUT, STATUS
from headway.run.reading.prompts import is_prompt, may_ask, question
from headway.run.reading.terminal_lines import PROGRESS_MARK, Line, LineSplitter
from headway.run.streams.samples import KNOWN_TOOL_LIMIT, Samples

# Newest lines of a stream that are parsed in one turn of the loop. A turn is at most every
# tenth of a second, and nobody prints more lines worth showing; the bound keeps a flood of
# short lines from delaying signals.
LINES_PER_TURN = 500
# Silence after which an unfinished line may be a prompt. Shorter, and a line that is printed
# in two pieces is taken for one; longer, and a person waits for the question to be shown.
QUIET_SECONDS = 1.0
# What came longer ago was not read in its turn: while what reads it was imported, or on a busy
# machine. What it tells has begun and ended when it came.
LATE_SECONDS = 0.25
TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.kernel.looks import ProcessLooks, Walk
    from headway.run.process.input_wait import InputWatch
    from headway.run.progress.line_hashes import LineHashes
    from headway.run.tree.processes import Processes
    from headway.run.tree.router import Router, Scoped


class Stream:
    """One stream of the command: its samples and the splitter of its lines."""

    __slots__ = ("samples", "source", "splitter")

    def __init__(self, source: str, samples: Samples) -> None:
        self.source = source
        self.samples = samples
        self.splitter = LineSplitter()


class ParsingLoop:
    """Feeds the lines that come to a router, and what it makes of them to an updater.

    `looks` are the looks at the processes of the command; `processes` are the tools among them,
    where those are followed, and `input_watch` tells whether they wait for input. `hashes` takes
    the lines of output.
    """

    def __init__(
        self,
        router: Router,
        updater: OperationUpdater,
        looks: ProcessLooks | None = None,
        processes: Processes | None = None,
        input_watch: InputWatch | None = None,
        hashes: LineHashes | None = None,
    ) -> None:
        self._router = router
        self._updater = updater
        self._looks = looks
        self._processes = processes
        self._input_watch = input_watch
        self._hashes = hashes
        if looks is not None and processes is not None:
            looks.add(self._follow)
        self._last = Line("")
        self._now = 0.0
        self._when: float | None = None  # what is parsed now came, where that is long ago
        self._last_output = 0.0
        self._prompt: str | None = None  # the line of the last question, while it is unfinished
        self._question = ""  # which stands at its end
        self.status = Stream(STATUS, Samples(KNOWN_TOOL_LIMIT))
        # The status comes last: what it counts in is told by the text before.
        self._streams: list[Stream] = [self.status]

    def add(self, samples: Samples) -> None:
        """Add a stream of output, whose pump fills `samples`."""
        self._streams.insert(-1, Stream(OUTPUT, samples))

    def poll(self, now: float) -> bool:
        """Parse the samples that have come; return whether any have."""
        self._now = now
        taken = [(stream, *stream.samples.take_parts()) for stream in self._streams]
        came = any(parts for _, parts, _ in taken)
        self._look(output=came)
        for stream, parts, lost in taken:
            if not parts:
                self._lines(stream.splitter.look(), stream.source)
                continue
            if lost:
                stream.splitter = LineSplitter()
            self._parts(stream, parts)
        if came:
            self._last_output = now
            if self._input_watch is not None:
                self._input_watch.restart()
        elif now - self._last_output >= QUIET_SECONDS:
            self._note_question()
        return came

    def _note_question(self) -> None:
        """Tell whether the command, which is quiet, waits for input: by what it does, or says."""
        rests = [stream.splitter.rest for stream in self._streams[:-1]]
        # A prompt that is edited is drawn: the cursor has been moved behind it.
        rest = next(filter(None, rests), self._last.text if self._last.drawn else "")
        watch = self._input_watch
        waits = None
        if watch is not None:
            waits = watch.look(self._now, prompted=may_ask(rest), asked=is_prompt(rest))
        if waits is None:
            for unfinished in rests:
                asked = self._last_question(rest) if unfinished == rest else unfinished
                self._updater.waiting.note_unfinished_line(asked)
        elif waits:
            again = self._prompt is None
            asked = question(self._last_question(rest), self._last.text)
            self._updater.waiting.note_input(asked, again=again)
        else:
            self._updater.waiting.note_input(None)

    def _last_question(self, rest: str) -> str:
        """Return what stands at the end of an unfinished line, behind what it has asked before.

        The newline of an answer is echoed by the terminal, and is no output. What is typed, where
        that is, asks nothing.
        """
        behind = rest if self._prompt is None else ""
        if self._prompt is not None:
            follows = rest.startswith(self._prompt)
            behind = rest[len(self._prompt) :].strip() if follows else rest
            if follows and not may_ask(behind):
                return self._question
        self._prompt, self._question = rest, behind
        return behind

    def finish(self, exit_status: int, now: float) -> None:
        """Parse what is left, and the parsers' verdict on the exit status."""
        self._looks = None  # there is nothing below it any more
        self.poll(now)
        for stream in self._streams:
            self._lines(stream.splitter.finish(), stream.source)
        self._apply(self._router.finish(exit_status))

    def _look(self, *, output: bool) -> None:
        """Look at the processes of the command: lines that have come may be theirs."""
        if self._looks is not None:
            self._looks.look(self._now, output=output)

    def _follow(self, found: Walk, now: float) -> None:
        if self._processes is not None:
            self._apply(self._router.look(self._processes.read(found), now))
        if self._router.has_tools:
            for stream in self._streams:
                stream.samples.limit = KNOWN_TOOL_LIMIT

    def _parts(self, stream: Stream, parts: list[tuple[float | None, bytes]]) -> None:
        """Parse what has come, the newest lines of it, as of when it came."""
        now = self._now
        read = [(when, stream.splitter.feed(data)) for when, data in parts]
        excess = sum([len(lines) for _, lines in read]) - LINES_PER_TURN
        for when, lines in read:
            late = when is not None and now - when >= LATE_SECONDS
            self._when = when if late else None
            self._now = when if late and when is not None else now
            self._lines(lines[max(excess, 0) :], stream.source)
            excess -= len(lines)
        self._now, self._when = now, None

    def _lines(self, lines: list[Line], source: str) -> None:
        for line in lines:
            drawn = source == OUTPUT and line.drawn
            self._last = line
            if not drawn:
                self._prompt = None
            if source == OUTPUT and not drawn and not line.text.startswith(PROGRESS_MARK):
                self._updater.add_line(line.text)
                if self._hashes is not None:
                    self._hashes.add(line.text)
            self._apply(self._router.feed(line.text, DRAWN if drawn else source, self._now))

    def _apply(self, found: list[Scoped]) -> None:
        for scope, events in found:
            self._updater.apply(events, scope, self._when)
