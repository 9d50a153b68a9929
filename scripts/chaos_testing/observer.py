"""The observer: a viewer that runs throughout, and what it was shown of every operation."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from typing import Any, NamedTuple

from chaos_testing.sandbox import ChaosSandbox

OPEN = ("pending", "running", "waiting")
# What a broker says of a process that cannot say it: a true end that comes later corrects that.
UNTOLD = ("crashed", "ended")
BY_PARENT = "ended by its parent"  # the reason of what is cancelled because of that


class Revision(NamedTuple):
    """An operation that was shown in a final state, and later in another one."""

    id: str
    before: str
    after: str
    reason: str | None  # of `before`

    @property
    def corrects(self) -> bool:
        """Return whether the first was no word of its writer: docs/resilience.md has them."""
        return self.before in UNTOLD or self.reason == BY_PARENT


class Observer:
    """Reads `headway view --display json` on a thread.

    `shown` is id → the operation as it was shown last; `revised` are final states that were
    revised; `false_progress` are the ids of operations shown with a progress of 1 that had not
    completed.
    """

    def __init__(self, sandbox: ChaosSandbox) -> None:
        self.shown: dict[str, dict[str, Any]] = {}
        self.revised: list[Revision] = []
        self.false_progress: set[str] = set()
        self.lines = 0
        self.gaps = 0
        self.snapshots = 0
        self._copy = open(os.path.join(sandbox.directory, "shown"), "wb")  # noqa: SIM115
        self.process = sandbox.headway("view", "--display", "json", stdout=subprocess.PIPE)
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
                self._show(line["operation"])
            elif kind == "snapshot":
                self.snapshots += 1
                for operation in line["operations"]:
                    self._show(operation)
            elif kind == "removed":
                self._remove(line)
            elif kind == "gap":
                self.gaps += 1

    def _show(self, operation: dict[str, Any]) -> None:
        identity, state = operation["id"], operation["state"]
        before = self.shown.get(identity)
        if before is not None and before["state"] not in OPEN and before["state"] != state:
            reason = before.get("reason")
            self.revised.append(Revision(identity, before["state"], state, reason))
        if operation["progress"] == 1 and state != "completed":
            self.false_progress.add(identity)
        self.shown[identity] = operation

    def _remove(self, line: dict[str, Any]) -> None:
        # An ended operation is removed for its age, an open one because the broker lost it.
        for identity in line["operations"]:
            if self.shown.get(identity, {}).get("state") in OPEN:
                del self.shown[identity]

    def taken_back(self) -> list[Revision]:
        """Return the ends of a writer's own word that were shown, and then something else."""
        return [one for one in self.revised if not one.corrects]

    def running(self) -> list[str]:
        """Return the ids of the operations that were shown as running."""
        return [one["id"] for one in list(self.shown.values()) if one["state"] == "running"]

    def alive(self) -> bool:
        """Return whether the viewer still runs."""
        return self.process.poll() is None

    def wait_until_quiet(self, seconds: float, at_most: float) -> None:
        """Return when nothing was shown for `seconds`, or after `at_most`."""
        until = time.monotonic() + at_most
        last, since = self.lines, time.monotonic()
        while time.monotonic() < until and time.monotonic() - since < seconds:
            time.sleep(0.1)
            if self.lines != last:
                last, since = self.lines, time.monotonic()

    def close(self) -> None:
        """End the viewer."""
        self.process.kill()
        self.process.wait()
        self._thread.join(5)
        self._copy.close()
