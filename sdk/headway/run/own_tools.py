"""Parsers that Headway does not ship: the user's tables of lines, and those of installed packages.

Shell. Whatever is wrong with one of them costs its tool the progress, and one line on standard
error when the command has ended; never the command.
"""

from __future__ import annotations

import importlib
import os
import sys

from headway.run.parsers.registry import add_tools, is_known
from headway.run.process.time_box import TimeBox, TooSlow
from headway.run.reading.events import EVENTS
from headway.run.tables_file import tables_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

    from headway.run.reading.command_line import Command
    from headway.run.reading.events import Event, Parser

GROUP = "headway_parsers"  # of entry points: name of a program -> object with `Parser(command)`
FILE_BYTES = 1 << 18  # of the file of tables


class OwnTools:
    """What was found, and what is wrong with it (`complaints`)."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._box: TimeBox | None = None

    def load_file(self) -> None:
        """Register the tools of the user's file; its tables go before those of Headway."""
        path = tables_path()
        try:
            with open(path, "rb") as file:
                text = file.read(FILE_BYTES + 1)
        except OSError as error:
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                self.complaints.append(f"{path}: {error.strerror}; it is not used")
            return
        try:
            from headway.run.parsers.own_tables import read_tables  # noqa: PLC0415 - few have such a file

            tables = read_tables(_parse(text))
        except Exception as error:
            self.complaints.append(f"{path}: {error}; it is not used")
            return
        add_tools({name: _Guarded(self, name, _Table(table)) for name, table in tables.items()})

    def load_packages(self) -> None:
        """Register the parsers of installed packages for programs that are unknown."""
        try:
            found = dict(_entry_points())
        except Exception as error:
            self.complaints.append(f"the parsers of packages cannot be found: {error}")
            return
        add_tools(
            {
                name: _Guarded(self, name, _Entry(value))
                for name, value in found.items()
                if not is_known(name)
            }
        )

    def call(self, act: Any, *arguments: object) -> Any:
        """Call what is not Headway's, for a limited time."""
        if self._box is None:
            self._box = TimeBox()
        return self._box.call(act, *arguments)


def _parse(text: bytes) -> dict[str, Any]:
    if len(text) > FILE_BYTES:
        raise ValueError("it is too large")
    parser: Any
    try:
        import tomllib as parser  # noqa: PLC0415 # pyright: ignore[reportMissingImports]
    except ImportError:
        try:
            import tomli as parser  # noqa: PLC0415 # pyright: ignore[reportMissingImports]
        except ImportError:
            raise ValueError("Python 3.11 or the package tomli is needed to read it") from None
    found: dict[str, Any] = parser.loads(text.decode("utf-8"))
    return found


class _Table:
    """The tool of a table of lines; where the table is wrong, its parser says so."""

    def __init__(self, table: Any) -> None:
        from headway.run.parsers.line_table import Tool  # noqa: PLC0415 - as above

        self._wrong: Exception | None = None
        self._tool: Tool | None = None
        if isinstance(table, Exception):
            self._wrong = table
        else:
            self._tool = Tool(table)

    def name_of(self, command: Command) -> str:
        return self._tool.name_of(command) if self._tool else command.program

    def Parser(self, command: Command) -> Parser:  # noqa: N802 - as in a module
        if self._tool is None:
            raise self._wrong or ValueError
        return self._tool.Parser(command)


def _entry_points() -> Iterator[tuple[str, str]]:
    """Return the entry points of the group, as (name, "module:attribute").

    `importlib.metadata` takes as long to import as many a command to run.
    """
    for folder in filter(None, sys.path):
        try:
            packages = [name for name in os.listdir(folder) if name.endswith(".dist-info")]
        except OSError:
            continue
        for package in packages:
            try:
                path = os.path.join(folder, package, "entry_points.txt")
                with open(path, encoding="utf-8") as file:
                    text = file.read(FILE_BYTES)
            except (OSError, UnicodeDecodeError):
                continue
            _, _, section = text.partition(f"[{GROUP}]\n")
            for line in section.partition("\n[")[0].splitlines():
                name, equals, value = line.partition("=")
                if equals:
                    yield name.strip(), value.strip()


class _Entry:
    """The parser of an installed package, loaded when its tool is met."""

    def __init__(self, value: str) -> None:
        self._value = value

    def name_of(self, command: Command) -> str:
        return command.program.rsplit("/", 1)[-1]

    def Parser(self, command: Command) -> Parser:  # noqa: N802 - as in a module
        module, _, attribute = self._value.partition(":")
        found: Any = importlib.import_module(module)
        for name in filter(None, attribute.split(".")):
            found = getattr(found, name)
        parser: Parser = found.Parser(command)
        return parser


class _Guarded:
    """A tool that is not Headway's, with the interface of a parser's module."""

    def __init__(self, own: OwnTools, name: str, tool: Any) -> None:
        self._own = own
        self._name = name
        self._tool = tool

    def name_of(self, command: Command) -> str:
        name: str = self._tool.name_of(command)
        return name

    def Parser(self, command: Command) -> Parser:  # noqa: N802 - as in a module
        return _GuardedParser(self._own, self._name, self._tool, command)


class _GuardedParser:
    """A parser that is off, with one complaint, as soon as it raises or takes too long."""

    def __init__(self, own: OwnTools, name: str, tool: Any, command: Command) -> None:
        self._own = own
        self._name = name
        self._parser: Any = None
        self._parser = self._guard(tool.Parser, command)

    def feed(self, line: str, source: str) -> list[Event]:
        return self._events("feed", line, source)

    def finish(self, exit_status: int) -> list[Event]:
        return self._events("finish", exit_status)

    def _events(self, method: str, *arguments: object) -> list[Event]:
        if self._parser is None:
            return []
        found: Any = self._guard(_call, self._parser, method, *arguments)
        return found or []

    def _guard(self, act: Any, *arguments: object) -> Any:
        try:
            return self._own.call(act, *arguments)
        except TooSlow:
            self._stop("takes too long for a line")
        except BaseException as error:  # `sys.exit` as well: the command goes on
            self._stop(f"has failed ({type(error).__name__}: {error})")
        return None

    def _stop(self, why: str) -> None:
        self._parser = None
        self._own.complaints.append(f"the parser of {self._name} {why}; it is off")


def _call(parser: Any, method: str, *arguments: object) -> list[Event]:
    """Return the events of a parser; raise TypeError for what is none."""
    events = list(getattr(parser, method)(*arguments))
    for event in events:
        if not isinstance(event, EVENTS):
            raise TypeError(f"{event!r:.60} is no event")
    return events
