"""A viewer that lives through it all: what it was shown of every operation, to the last line."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from typing import Any

from chaos_testing.sandbox import Arena

OPEN = ("pending", "running", "waiting")


class Survivor:
    """Reads `headway view --display json` on a thread.

    `shown` is id → the last operation shown; `taken_back` the ids that were once shown as
    ended and later as something else, with both states; `false_progress` the ids shown with a
    progress of 1 that had not completed.
    """

    def __init__(self, arena: Arena) -> None:
        self.shown: dict[str, dict[str, Any]] = {}
        self.taken_back: list[tuple[str, str, str]] = []
        self.false_progress: set[str] = set()
        self.lines = 0
        self.gaps = 0
        self.snapshots = 0
        self._copy = open(os.path.join(arena.directory, "shown"), "wb")  # noqa: SIM115
        self.process = arena.headway("view", "--display", "json", stdout=subprocess.PIPE)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self._copy.write(b"%.3f " % time.monotonic() + text)
            line = json.loads(text)
            self.lines += 1
            kind = line["type"]
            if kind == "operation":
                self._take(line["operation"])
            elif kind == "snapshot":
                self.snapshots += 1
                for operation in line["operations"]:
                    self._take(operation)
            elif kind == "removed":
                self._forget(line)
            elif kind == "gap":
                self.gaps += 1

    def _take(self, operation: dict[str, Any]) -> None:
        identity, state = operation["id"], operation["state"]
        before = self.shown.get(identity)
        if before is not None and before["state"] not in OPEN and before["state"] != state:
            self.taken_back.append((identity, before["state"], state))
        if operation["progress"] == 1 and state != "completed":
            self.false_progress.add(identity)
        self.shown[identity] = operation

    def _forget(self, line: dict[str, Any]) -> None:
        # What has ended was removed for its age; what was open, because nobody knows it any more.
        for identity in line["operations"]:
            if self.shown.get(identity, {}).get("state") in OPEN:
                del self.shown[identity]

    def running(self) -> list[str]:
        """The ids of operations that run, as far as it knows."""
        return [one["id"] for one in list(self.shown.values()) if one["state"] == "running"]

    def alive(self) -> bool:
        """Whether it still looks."""
        return self.process.poll() is None

    def quiet(self, seconds: float, at_most: float) -> None:
        """Wait until it has shown nothing for some seconds."""
        until = time.monotonic() + at_most
        last, since = self.lines, time.monotonic()
        while time.monotonic() < until and time.monotonic() - since < seconds:
            time.sleep(0.1)
            if self.lines != last:
                last, since = self.lines, time.monotonic()

    def close(self) -> None:
        """Stop looking."""
        self.process.kill()
        self.process.wait()
        self._thread.join(5)
        self._copy.close()
