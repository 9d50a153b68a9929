"""The earlier runs of the operation that is looked at, as `headway why` tells them.

Shell. Only the broker's side knows the history; it is asked by a process of its own, of which one
runs at a time. Nothing waits for it: `look` takes in what it has written.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from headway_viewer.top.facts import Past, past_of

REST = 0.8  # seconds that an operation is looked at until its history is asked for
FRESH = 60.0  # seconds for which an answer about an operation that goes on is not asked again
MOST_KEPT = 200  # answers
MOST_BYTES = 1 << 20  # of an answer
COMMAND = (sys.executable, "-m", "headway", "why")


class PastLookup:
    """Looks up earlier runs by running `command` with an id and `--json`."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._kept: dict[tuple[str, bool], tuple[float, Past]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._asked: tuple[str, bool] = ("", False)
        self._answer = b""
        self._looked_at: tuple[str, bool] = ("", False)
        self._since = 0.0

    @property
    def asking(self) -> bool:
        """Return whether the command runs."""
        return self._process is not None

    def look(self, operation: str, going: bool, local: float) -> Past:
        """Return what is known of the earlier runs; ask, where it is time."""
        self._take(local)
        looked_at = (operation, going)
        if looked_at != self._looked_at:
            self._looked_at, self._since = looked_at, local
        at, past = self._kept.get(looked_at) or self._kept.get(
            (operation, not going), (0.0, Past())
        )
        known = looked_at in self._kept and (not going or local - at < FRESH)
        if not known and self._process is None and local - self._since >= REST:
            self._ask(looked_at, local)
        return past

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
            self._keep(Past(), local)  # asked again as after an answer
            return
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
        self._keep(_past(self._answer), local)

    def _keep(self, past: Past, local: float) -> None:
        while len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[self._asked] = (local, past)


def _past(answer: bytes) -> Past:
    try:
        found: Any = json.loads(answer)
    except ValueError:
        return Past()
    return past_of(found) if isinstance(found, dict) else Past()
