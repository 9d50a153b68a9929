"""Report the hidden counts of a command: its work, and hashes of its lines."""

from __future__ import annotations

import os

from headway.host.files.secret_key import read_secret
from headway.protocol.messages import Work
from headway.reporting.reporter import reporter
from headway.run.kernel.work import WorkCounter
from headway.run.progress.line_hashes import LineHashes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.run.kernel.looks import Walk


class WorkReporter:
    """Reports samples for `operation`, a command that began at `begun`."""

    def __init__(self, operation: Any, begun: float) -> None:
        self._operation = operation
        self._counter = WorkCounter(begun)
        # Without a secret that stays, no line is found again.
        self.lines = LineHashes(read_secret() or os.urandom(32))

    def take(self, found: Walk, now: float) -> None:
        """Report the counts of a look, if a sample is due."""
        counts = self._counter.take(found, now)
        if counts is None:
            return
        own = reporter()
        with own.lock:
            own.publisher.work(Work(self._operation.id, own.clock(), *counts, self.lines.take()))
        own.wake()
