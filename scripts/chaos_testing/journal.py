"""What a worker writes down of itself, line by line, and what can be read from it later.

A line is one `write` to a file of the process's own, so it is there even if the process is
killed right after. Lines are JSON objects; `say` tells what of: process, open, ending, ended,
safe, shared, called, leaving.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

FOLDER = "HEADWAY_CHAOS_JOURNALS"


class Journal:
    """The journal of this process; a forked child starts one of its own."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._pid = 0
        self._file = -1

    def write(self, say: str, **facts: Any) -> None:
        """Write a line; the time is added."""
        if self._pid != os.getpid():
            self._begin()
        self._put({"say": say, "at": time.monotonic(), **facts})

    def _begin(self) -> None:
        self._pid = os.getpid()
        path = os.path.join(os.environ[FOLDER], f"{self._pid}-{time.monotonic_ns()}.jsonl")
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._put({"say": "process", "at": time.monotonic(), "pid": self._pid, "kind": self.kind})

    def _put(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


@dataclass
class Told:
    """One operation as its writer knew it.

    `state` is None while it had not ended. `stages` is name → [state or None, done]; None is a
    stage that ended with the operation. `safe`: its end was acknowledged while its worker
    looked.
    """

    id: str
    name: str
    pid: int
    kind: str
    opened: float
    state: str | None = None
    certain: bool = False  # the call that ended it has returned
    ended: float | None = None
    error: str | None = None
    stages: dict[str, list[Any]] = field(default_factory=dict)
    safe: bool = False


@dataclass
class Life:
    """One process as its journal tells."""

    pid: int
    kind: str
    begun: float
    operations: dict[str, Told] = field(default_factory=dict)
    shares: dict[tuple[str, str], float] = field(default_factory=dict)  # (operation, stage)
    calls: int = 0
    blocked: float = 0.0  # the longest call, less the time it waited for a processor
    blocked_at: float = 0.0
    blocked_in: str = ""
    waited: float = 0.0  # the longest call by the clock
    last: float = 0.0  # when it wrote its last line
    leaving: float | None = None  # when its own code was done
    parted: float | None = None  # when the SDK's thread was done after that
    starved: float = 0.0  # how long its threads waited for a processor in between
    how: str = ""  # and how it meant to leave

    @property
    def parting(self) -> float:
        """Seconds from its last line to the end of the SDK's thread."""
        return (self.parted or 0.0) - (self.leaving or 0.0)


def read(path: str) -> Life | None:
    """The life that a journal tells of; None for an empty file."""
    life: Life | None = None
    with open(path, encoding="utf-8") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue  # the disk, or the process, ended in the middle of it
            say = line["say"]
            if say == "process":
                life = Life(line["pid"], line["kind"], line["at"])
            elif life is not None:
                _take(life, say, line)
            if life is not None:
                life.last = line["at"]
    return life


def _take(life: Life, say: str, line: dict[str, Any]) -> None:
    if say == "open":
        told = Told(line["op"], line["name"], life.pid, life.kind, line["at"])
        life.operations[told.id] = told
    elif say in ("ending", "ended"):
        told = life.operations[line["op"]]
        told.state, told.error, told.stages = line["state"], line["error"], line["stages"]
        told.certain = say == "ended"
        told.ended = line["at"]
    elif say == "safe":
        life.operations[line["op"]].safe = True
    elif say == "shared":
        life.shares[line["op"], line["stage"]] = line["done"]
    elif say == "called":
        life.calls = line["calls"]
        life.blocked, life.blocked_at = line["blocked"], line["blocked_at"]
        life.blocked_in, life.waited = line["blocked_in"], line["waited"]
    elif say == "leaving":
        life.leaving, life.how, life.starved = line["at"], line["how"], -line["waited"]
    elif say == "parted":
        life.parted = line["at"]
        life.starved += line["waited"]
