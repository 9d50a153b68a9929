"""Look up the history of the operation that is looked at: its earlier runs, by `headway why`.

Shell. Only the broker's side knows the history; it is asked by a process of its own, of which one
runs at a time. Nothing waits for it: `look` takes in what it has written.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from headway_viewer.top.facts import EarlierRuns, earlier_runs_of

REST = 0.8  # seconds that an operation is looked at until its history is asked for
FRESH = 60.0  # seconds for which an answer about an operation that goes on is not asked again
MOST_KEPT = 200  # answers
TRIES = 5  # to start the command for an operation that has ended, `FRESH` seconds apart
MOST_BYTES = 1 << 20  # of an answer
COMMAND = (sys.executable, "-m", "headway", "why")


class HistoryLookup:
    """Looks up earlier runs by running `command` with an id and `--json`."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._kept: dict[tuple[str, bool], tuple[float, EarlierRuns]] = {}
        self._failed: dict[tuple[str, bool], int] = {}  # how often it could not be started
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: tuple[str, bool] = ("", False)
        self._answer = b""
        self._looked_at: tuple[str, bool] = ("", False)
        self._since = 0.0

    @property
    def asking(self) -> bool:
        """Return whether the command runs."""
        return self._process is not None

    def look(self, operation: str, going: bool, local: float) -> EarlierRuns:
        """Return what is known of the earlier runs; ask, where it is time."""
        self._take(local)
        looked_at = (operation, going)
        if looked_at != self._looked_at:
            self._looked_at, self._since = looked_at, local
        at, runs = self._kept.get(looked_at) or self._kept.get(
            (operation, not going), (0.0, EarlierRuns())
        )
        again = going or 0 < self._failed.get(looked_at, 0) < TRIES
        known = looked_at in self._kept and (not again or local - at < FRESH)
        if not known and self._process is None and local - self._since >= REST:
            self._ask(looked_at, local)
        return runs

    def close(self) -> None:
        """End what still runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()
            process.wait()

    def _ask(self, asked: tuple[str, bool], local: float) -> None:
        self._asked, self._answer = asked, b""
        try:
            # The folder of this process is no place to find modules in.
            self._process = subprocess.Popen(  # noqa: S603 - the command itself
                [*self._command, asked[0], "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        except OSError:
            self._failed[asked] = self._failed.get(asked, 0) + 1
            kept = self._kept.get(asked, (local, EarlierRuns()))[1]
            self._keep(kept, local)  # asked again as after an answer
            return
        self._failed.pop(asked, None)
        if self._process.stdout is not None:
            os.set_blocking(self._process.stdout.fileno(), False)

    def _take(self, local: float) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        try:
            read = os.read(process.stdout.fileno(), MOST_BYTES)
        except BlockingIOError:
            return
        self._answer += read
        if read and len(self._answer) <= MOST_BYTES:
            return
        self.close()
        self._keep(_parsed(self._answer), local)

    def _keep(self, runs: EarlierRuns, local: float) -> None:
        while len(self._kept) >= MOST_KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._failed.pop(oldest, None)
        self._kept[self._asked] = (local, runs)


def _parsed(answer: bytes) -> EarlierRuns:
    try:
        found: Any = json.loads(answer)
    except ValueError:
        return EarlierRuns()
    return earlier_runs_of(found) if isinstance(found, dict) else EarlierRuns()
