"""The right to reserve rows of a terminal, which its viewer process and `headway view` pass on.

Shell. Whoever takes it first releases the rows that a killed holder has left reserved.
"""

from __future__ import annotations

from headway.host.files.terminal_locks import REGION, TerminalLock
from headway_viewer.display.live import write_all
from headway_viewer.display.terminal_size import terminal_size
from headway_viewer.terminal import scroll_region


class RegionLock:
    """The lock on the rows of the terminal behind `descriptor`, and what is written there."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = TerminalLock(descriptor, REGION)

    @property
    def held(self) -> bool:
        """Return whether this process may reserve rows."""
        return self._lock.held

    def acquire(self) -> bool:
        """Return whether this process may reserve rows now. Raise OSError: no terminal."""
        if self._lock.held:
            return True
        if not self._lock.acquire():
            return False
        self.release_left()
        return True

    def release_left(self) -> None:
        """Release the rows that are recorded as reserved. Raise OSError: no terminal."""
        left = self._lock.rows
        if left:
            rows = terminal_size(self._descriptor)[1]
            out = scroll_region.reset_sequence(min(left, rows), rows)
            write_all(self._descriptor, out.encode())
            self._lock.record(0)

    def write(self, out: str, height: int) -> None:
        """Write what leaves `height` rows reserved. Raise OSError: no terminal."""
        before = self._lock.rows
        if out:
            # Before the write: if it is killed in between, too much is cleared, not too little.
            if height > before:
                self._lock.record(height)
            write_all(self._descriptor, out.encode("utf-8", "replace"))
        if height < before:
            self._lock.record(height)

    def release(self) -> None:
        """Let another process reserve rows."""
        self._lock.release()

    def close(self) -> None:
        """Let another process reserve rows, for good."""
        self._lock.close()
