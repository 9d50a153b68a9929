"""Decide which tools run below a command, and whose parser takes a line of what they all print.

Pure. The command itself is the root. Every process below it that a parser knows is a tool, a stage
of its own in which its parser's stages stand. All write to one output: a line goes to the tool that
has just written, if only one has; else to the first that recognizes it, newest first; else to the
root. A tool that no look at the processes has met is known by its lines alone.

How a tool ended nobody tells but its parent: it has failed where its own words say so, and is
complete where the command goes on; where the command itself ends, its status tells.
"""

from __future__ import annotations

from headway.run.parsers.registry import (
    OWNED,
    PARSERS,
    find_parser_module,
    make_parser,
    name_command,
)
from headway.run.parsers.signatures import tool_of_line
from headway.run.reading.command_line import Command, parse_command_line
from headway.run.reading.events import (
    STATUS,
    Cancellable,
    Detail,
    Event,
    Failed,
    Parser,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    ToolStarted,
)
from headway.run.reading.script import basename, find_script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterable, List, NamedTuple, Tuple

    Scoped = Tuple[str, List[Event]]
else:
    from headway.light_typing import NamedTuple

SCOPE = "\0"  # between the names of a path of stages
# Seconds in which the root's parser has recognized nothing of what was printed, after which it is
# parsed as an unknown program's. Shorter, and a tool's greeting becomes a stage of its own.
UNRECOGNIZED_SECONDS = 3.0
# Seconds after a tool's end for which the command may end, too, and so tell how it ended.
VERDICT_SECONDS = 1.0
# Lines in a row that a tool known by its lines alone does not recognize, after which it is over.
STRANGE_LINES = 20
TOOLS = 100  # below one command: what comes beyond them is not shown


class Process(NamedTuple):
    """What a look tells of a process: `started` tells it from another of the same pid.

    `argv` is None where it cannot be read; `written` are the bytes that it has written, or None.
    """

    pid: int
    started: int
    parent: int
    argv: tuple[str, ...] | None
    cwd: str = ""
    written: int | None = None


class _Tool:
    """A tool below the command: `scope` is that of its stage, `over` the one around it."""

    def __init__(self, name: str, over: str, module: str, parser: Parser) -> None:
        self.name = name
        self.over = over
        self.scope = over + SCOPE + name if over else name
        self.module = module
        self.parser = parser
        self.process: tuple[int, int] | None = None
        self.written: int | None = None
        self.wrote = False  # since the look before
        self.gone: float | None = None  # since when its process is
        self.error: str | None = None
        self.locks = False  # it must not be interrupted now
        self.strange = 0  # lines in a row that its parser did not recognize


class Router:
    """Sends the lines of a command and of what it starts to their parsers.

    `root` is the parser of the command, `module` that parser's; `generic` makes one for any
    output, where the root's is that of a known tool: with `text` that makes a stage of its lines.
    """

    def __init__(
        self,
        root: Parser | None,
        module: str | None = None,
        generic: Callable[..., Parser] | None = None,
    ) -> None:
        self._root = root
        self._module = module
        self._generic = generic
        self._fallback: Parser | None = None
        self._unrecognized: float | None = None
        self._staged = False  # the root's parser has made a stage
        self._tools: dict[str, _Tool] = {}  # that have not ended, by scope, oldest first
        self._met: dict[tuple[int, int], _Tool | None] = {}
        self._begun = 0

    @property
    def has_tools(self) -> bool:
        """Return whether a tool runs below the command."""
        return bool(self._tools)

    def wants(self, argv: tuple[str, ...]) -> bool:
        """Return whether a process with this command line is a tool, so that more is wanted."""
        return command_of(argv) is not None

    # Processes.

    def look(self, processes: list[Process], now: float) -> list[Scoped]:
        """Take a look at the command's processes, the command first; return what follows."""
        out: list[Scoped] = []
        alive = {(process.pid, process.started): process for process in processes}
        around: dict[int, _Tool | None] = {}
        for key, process in alive.items():
            over = around.get(process.parent)
            tool = self._met.get(key)
            if tool is None:
                tool = self._meet(process, over, out)
                if tool is not None:
                    tool.process = key
                    self._met[key] = tool
            # A tool that has ended with the one around it may go on, with new ones below it.
            runs = tool is not None and self._tools.get(tool.scope) is tool
            around[process.pid] = tool if runs else over
        for tool in list(self._tools.values()):
            if tool.process is not None:
                self._follow(tool, alive.get(tool.process), now, out)
        self._met = {key: tool for key, tool in self._met.items() if key in alive}
        return out

    def _meet(self, process: Process, over: _Tool | None, out: list[Scoped]) -> _Tool | None:
        command = command_of(process.argv) if process.argv else None
        if command is None:
            return None
        module = PARSERS[command.program]
        if module == (over.module if over else self._module):
            return None  # make below make
        if module in OWNED.get(over.module if over else self._module or "", ()):
            return None  # dpkg below apt: that parser knows its lines
        for tool in list(self._tools.values()):
            if tool.process is None and tool.module == module:
                self._end(tool, 0, out)  # now its process is known
        name = name_command(command, process.cwd)
        return self._begin(name, over.scope if over else "", module, command, out)

    def _begin(
        self, name: str, over: str, module: str, command: Command, out: list[Scoped]
    ) -> _Tool | None:
        known = next(
            (tool for tool in self._tools.values() if (tool.name, tool.over) == (name, over)), None
        )
        if known is not None:
            if known.gone is None and known.process is not None:
                return known  # its parent and it are one: a wrapper, or a fork that has yet to exec
            self._end(known, 0, out)
        if self._begun >= TOOLS:
            return None
        try:
            parser = make_parser(find_parser_module(command.program), command)
        except Exception:  # of a stranger's; the command goes on
            return None
        self._begun += 1
        tool = _Tool(name, over, module, parser)
        self._tools[tool.scope] = tool
        out.append((over, [ToolStarted(name)]))
        return tool

    def _follow(self, tool: _Tool, process: Process | None, now: float, out: list[Scoped]) -> None:
        if process is None:
            tool.wrote = False
            if tool.gone is None:
                tool.gone = now
            elif now - tool.gone >= VERDICT_SECONDS:
                self._end(tool, 0, out)
            return
        written, tool.written = tool.written, process.written
        tool.wrote = None not in (written, process.written) and written != process.written

    def _end(self, tool: _Tool, exit_status: int, out: list[Scoped]) -> None:
        if self._tools.get(tool.scope) is not tool:
            return  # with the one around it
        del self._tools[tool.scope]
        for inner in [other for other in self._tools.values() if other.over == tool.scope]:
            self._end(inner, exit_status, out)
        if tool.error is not None:
            ended = StageEnded(tool.name, "failed", tool.error)
        else:
            out.append((tool.scope, _guarded(tool.parser.finish, exit_status)))
            ended = StageEnded(tool.name)
        if tool.locks:
            out.append((tool.scope, [Cancellable(allowed=True)]))
        out.append((tool.over, [ended]))

    # Lines.

    def feed(self, line: str, source: str, now: float) -> list[Scoped]:
        """Take a line of the command's output, or of the root's status; return what follows."""
        out: list[Scoped] = []
        if source == STATUS:
            return [("", self._feed_root(line, source, now))]
        for tool in self._candidates():
            events = _guarded(tool.parser.feed, line, source)
            if _recognized(events):
                self._note(tool, events)
                return [*out, (tool.scope, events)]
            tool.strange += 1
            if tool.process is None and tool.strange >= STRANGE_LINES:
                self._end(tool, 0, out)
        events: list[Event] | None = None
        if self._module is not None:
            events = self._feed_root(line, source, now)
            if _recognized(events):
                return [*out, ("", events)]
        program = tool_of_line(line)
        if program is not None and PARSERS[program] != self._module:
            tool = self._meet_by_line(program, out)
            if tool is not None:
                said = _guarded(tool.parser.feed, line, source)
                self._note(tool, said)
                return [*out, (tool.scope, said)]
        return [*out, ("", self._feed_root(line, source, now) if events is None else events)]

    def finish(self, exit_status: int) -> list[Scoped]:
        """Take the end of the command; what has not ended ends with it."""
        out: list[Scoped] = []
        for tool in list(self._tools.values()):
            if exit_status == 0 or tool.error is not None:
                self._end(tool, exit_status, out)
        parsers = [parser for parser in (self._root, self._fallback) if parser is not None]
        out += [("", _guarded(parser.finish, exit_status)) for parser in parsers]
        self._root = self._fallback = self._generic = None
        return out

    def _candidates(self) -> list[_Tool]:
        """Return the tools in the order in which a line is theirs, newest first."""
        newest = list(reversed(list(self._tools.values())))
        wrote = [tool for tool in newest if tool.wrote]
        if len(wrote) == 1:
            newest.remove(wrote[0])
            newest.insert(0, wrote[0])
        return newest

    def _meet_by_line(self, program: str, out: list[Scoped]) -> _Tool | None:
        """Return a tool that only a line tells of; it ends the one before of that kind."""
        module = PARSERS[program]
        for tool in self._tools.values():
            if tool.module == module or module in OWNED.get(tool.module, ()):
                return tool
        for tool in list(self._tools.values()):
            if tool.process is None:
                self._end(tool, 0, out)
        command = parse_command_line([program])
        return self._begin(program, "", module, command, out)

    def _note(self, tool: _Tool, events: list[Event]) -> None:
        tool.strange = 0
        for event in events:
            if isinstance(event, Failed):
                tool.error = tool.error or event.text
            elif isinstance(event, Cancellable):
                tool.locks = not event.allowed

    # The root.

    def _feed_root(self, line: str, source: str, now: float) -> list[Event]:
        if self._root is None:
            return [Detail(line)]
        try:
            _note_time(self._root, now)
            events = self._root.feed(line, source)
        except Exception:
            self._root = self._generic = None
            return [Detail(line)]
        # Where there is no stage to show it, a line that is passed on is lost.
        works = getattr(self._root, "lines_are_work", False) and not self._staged
        lost = works and all(isinstance(event, Detail) for event in events)
        if any(isinstance(event, (StageStarted, StageMoved, Planned)) for event in events):
            events = [*self._end_fallback(), *events]
            self._staged = True
        if events and not lost:
            self._unrecognized = None
        if (events and not lost) or source == STATUS or self._generic is None:
            return events
        if self._unrecognized is None:
            self._unrecognized = now
        if now - self._unrecognized < UNRECOGNIZED_SECONDS:
            return events
        if self._fallback is None:
            self._fallback = self._generic(text=works)
        _note_time(self._fallback, now)
        return _guarded(self._fallback.feed, line, source)

    def _end_fallback(self) -> list[Event]:
        """End what stood for the root's stages before there were any."""
        if self._staged or self._fallback is None:
            return []
        fallback, self._fallback = self._fallback, None
        return _guarded(fallback.finish, 0)


def command_of(argv: tuple[str, ...]) -> Command | None:
    """Return the command of a process's command line if a parser knows it, or None.

    Also where it is a script, as pip is one of Python, and where the program has overwritten it
    with one text, as npm does.
    """
    if len(argv) == 1 and " " in argv[0] and "/" not in argv[0]:
        argv = tuple(argv[0].split())
    if not argv or not argv[0]:
        return None
    argv = (argv[0].lstrip("-"), *argv[1:]) if argv[0].lstrip("-") else argv
    command = parse_command_line(argv)
    if command.program not in PARSERS:
        script = find_script(command)
        if script is None or script.module or basename(argv[script.at]) not in PARSERS:
            bare = basename(argv[script.at]).rstrip("0123456789.") if script else ""
            if script is None or bare not in PARSERS:
                return None
        command = parse_command_line(argv[script.at :])
    return command if command.program in PARSERS else None


def _note_time(parser: Parser, now: float) -> None:
    """Tell a parser when its next lines have come, if it asks for that."""
    note = getattr(parser, "note_time", None)
    if note is not None:
        note(now)


def _recognized(events: Iterable[Event]) -> bool:
    """Return whether a parser knew a line: what it is busy with may be any text."""
    return any(not isinstance(event, Detail) for event in events)


def _guarded(act: Callable[..., list[Event]], *arguments: object) -> list[Event]:
    """Return what a parser says, and nothing where it raises."""
    try:
        return act(*arguments)
    except Exception:
        return []
