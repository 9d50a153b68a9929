"""Plays recorded output of real tools into a parser and folds what it says into stages."""

from __future__ import annotations

import os
from typing import Any

from headway.run.parsers.registry import find_parser_module, make_parser
from headway.run.reading.command_line import parse_command_line
from headway.run.reading.events import (
    DRAWN,
    OUTPUT,
    STATUS,
    Cancellable,
    Failed,
    NeedsInput,
    StageEnded,
    StageMoved,
    StageStarted,
    Waiting,
    Withdrawn,
)
from headway.run.reading.terminal_lines import LineSplitter

RECORDINGS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "recordings", "run")


def recording(name: str) -> bytes:
    """Return the bytes of one recording: NAME.out, .err, .pty or .status."""
    with open(os.path.join(RECORDINGS, name), "rb") as file:
        return file.read()


class Played:
    """What a parser said, in order (`events`) and as it left the stages (`stages`)."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.stages: dict[str, dict[str, Any]] = {}
        self.failed: list[str] = []
        self.waits: list[str] = []
        self.asked: list[str] = []
        self.cancellable = True

    def figures(self) -> dict[str, tuple[Any, Any, Any]]:
        """Return what each stage has done, of how much, in which unit."""
        return {
            name: (stage["done"], stage["total"], stage["unit"])
            for name, stage in self.stages.items()
        }

    def take(self, events: list[Any]) -> None:
        """Fold events in."""
        for event in events:
            self.events.append(event)
            if isinstance(event, StageStarted):
                self.stages[event.name] = {
                    "done": 0,
                    "total": event.total,
                    "unit": event.unit,
                    "parent": event.parent,
                    "state": "running",
                    "detail": None,
                }
            elif isinstance(event, StageMoved):
                stage = self.stages[event.name]
                for field in ("done", "total", "detail", "unit"):
                    if getattr(event, field) is not None:
                        stage[field] = getattr(event, field)
            elif isinstance(event, Withdrawn):
                self.stages[event.name].update(done=None, total=None, unit=None)
            elif isinstance(event, StageEnded):
                self.stages[event.name]["state"] = event.state
            elif isinstance(event, Failed):
                self.failed.append(event.text)
            elif isinstance(event, Waiting):
                self.waits.append(event.reason)
            elif isinstance(event, NeedsInput):
                self.asked.append(event.reason)
            elif isinstance(event, Cancellable):
                self.cancellable = event.allowed

    def counts(self) -> dict[str, tuple[Any, Any, str]]:
        """Return done, total and state of every stage, by name and in order of appearance."""
        return {
            name: (stage["done"], stage["total"], stage["state"])
            for name, stage in self.stages.items()
        }

    def dones(self, name: str) -> list[float]:
        """Return the counts that a stage went through."""
        return [
            event.done
            for event in self.events
            if isinstance(event, StageMoved) and event.name == name and event.done is not None
        ]


def play(parser: Any, *names: str, exit_status: int = 0, chunk: int = 65536) -> Played:
    """Play recordings one after the other; those of a status descriptor as such."""
    played = Played()
    for name in names:
        splitter = LineSplitter()
        data = recording(name)
        source = STATUS if name.endswith(".status") else OUTPUT
        for start in range(0, len(data), chunk):
            for line in splitter.feed(data[start : start + chunk]):
                played.take(parser.feed(line.text, DRAWN if line.drawn else source))
        for line in splitter.finish():
            played.take(parser.feed(line.text, source))
    played.take(parser.finish(exit_status))
    return played


def read_as(program: str, *names: str, exit_status: int = 0) -> Played:
    """Play recordings into the parser of a command line."""
    command = parse_command_line(program.split())
    parser = make_parser(find_parser_module(command.program), command)
    return play(parser, *names, exit_status=exit_status)


def say_to(program: str, *lines: str, exit_status: int | None = None) -> Played:
    """Give lines to the parser of a command line; end it with a status, where there is one."""
    command = parse_command_line(program.split())
    parser = make_parser(find_parser_module(command.program), command)
    played = Played()
    for line in lines:
        played.take(parser.feed(line, OUTPUT))
    if exit_status is not None:
        played.take(parser.finish(exit_status))
    return played
