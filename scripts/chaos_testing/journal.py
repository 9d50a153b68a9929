"""The journal of a worker: the truth about its operations, written line by line, and read back.

A line is one `write` to a file of the process's own, so it is there even if the process is killed
right after. Lines are JSON objects; `event` is one of process, open, told, ending, ended,
acknowledged, shared, filed, spooled, unspooled, terminated, called, leaving, parted.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

FOLDER = "HEADWAY_CHAOS_JOURNALS"


class Journal:
    """Writes the journal of this process; a forked child begins one of its own."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._pid = 0
        self._file = -1

    def write(self, event: str, **facts: Any) -> None:
        """Write a line, with the time."""
        if self._pid != os.getpid():
            self._begin()
        self._put({"event": event, "at": time.monotonic(), **facts})

    def _begin(self) -> None:
        self._pid = os.getpid()
        path = os.path.join(os.environ[FOLDER], f"{self._pid}-{time.monotonic_ns()}.jsonl")
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._put({"event": "process", "at": time.monotonic(), "pid": self._pid, "kind": self.kind})

    def _put(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


@dataclass
class StageTruth:
    """A stage as its writer knew it; `state` is None for one that ended with its operation."""

    state: str | None = None
    done: float = 0


@dataclass
class OperationTruth:
    """An operation as its writer knew it; `state` is None while it had not ended."""

    id: str
    name: str
    opened: float
    state: str | None = None
    error: str | None = None
    stages: dict[str, StageTruth] = field(default_factory=dict)
    acknowledged: bool = False  # its end, before the worker wrote its last line
    told: float | None = None  # when it was first handed to a broker's socket
    filed: float | None = None  # when it was first in a file of the spool


@dataclass
class ProcessTruth:
    """A process as its journal has it."""

    pid: int
    kind: str
    begun: float
    operations: dict[str, OperationTruth] = field(default_factory=dict)
    shares: dict[tuple[str, str], float] = field(default_factory=dict)  # (operation, stage)
    calls: int = 0
    blocked: float = 0.0  # the longest call, less the time it waited for a processor
    blocked_at: float = 0.0
    blocked_in: str = ""
    waited: float = 0.0  # the longest call by the clock
    last: float = 0.0  # when it wrote its last line
    leaving: float | None = None  # when its own code was done
    parted: float | None = None  # when the SDK's thread was done after that
    starved: float = 0.0  # seconds its threads waited for a processor in between
    how: str = ""  # it meant to leave: exit, os._exit
    spooled: float | None = None  # when its ends were in a file
    unspooled: str | None = None  # why the last file of its ends could not be written
    terminated: list[tuple[int, float]] = field(default_factory=list)  # children, by it, and when

    @property
    def parting(self) -> float:
        """Seconds from the end of its own code to that of the SDK's thread."""
        return (self.parted or 0.0) - (self.leaving or 0.0)


def read(path: str) -> ProcessTruth | None:
    """Read a journal; return None for one without a line."""
    process: ProcessTruth | None = None
    with open(path, encoding="utf-8") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue  # the disk, or the process, ended in the middle of it
            event = line["event"]
            if event == "process":
                process = ProcessTruth(line["pid"], line["kind"], line["at"])
            elif process is not None:
                _apply(process, event, line)
            if process is not None:
                process.last = line["at"]
    return process


def _apply(process: ProcessTruth, event: str, line: dict[str, Any]) -> None:
    if event == "open":
        truth = OperationTruth(line["op"], line["name"], line["at"])
        process.operations[truth.id] = truth
    elif event in ("told", "filed", "spooled"):
        for identity in line["ops"]:
            truth = process.operations.get(identity)
            if truth is not None and event == "told":
                truth.told = truth.told or line["at"]
            elif truth is not None:
                truth.filed = truth.filed or line["at"]
        if event == "spooled":
            process.spooled, process.unspooled = line["at"], None
    elif event == "unspooled":
        process.unspooled = line["why"]
    elif event == "terminated":
        process.terminated += [(pid, line["at"]) for pid in line["pids"]]
    elif event in ("ending", "ended"):
        truth = process.operations[line["op"]]
        truth.state, truth.error = line["state"], line["error"]
        truth.stages = {name: StageTruth(**stage) for name, stage in line["stages"].items()}
    elif event == "acknowledged":
        process.operations[line["op"]].acknowledged = True
    elif event == "shared":
        process.shares[line["op"], line["stage"]] = line["done"]
    elif event == "called":
        process.calls = line["calls"]
        process.blocked, process.blocked_at = line["blocked"], line["blocked_at"]
        process.blocked_in, process.waited = line["blocked_in"], line["waited"]
    elif event == "leaving":
        process.leaving, process.how, process.starved = line["at"], line["how"], -line["waited"]
    elif event == "parted":
        process.parted = line["at"]
        process.starved += line["waited"]
