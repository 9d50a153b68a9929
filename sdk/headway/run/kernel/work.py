"""What the processes of a command have done, as the kernel counts it: its hidden counts. Linux.

Shell. A process that was waited for is in the counts of its parent, so that the sum over those that
live is all that was ever done; what nobody waits for takes its counts with it, so that the sum may
fall: then what it was stands. The bytes of another user's processes, as behind sudo, cannot be
read: from then on processor time is all there is, for those of the others are not the command's.
"""

from __future__ import annotations

import os

from headway.run.kernel.open_files import bytes_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    from headway.run.kernel.looks import Walk
else:
    from headway.light_typing import NamedTuple

# Seconds between two samples: of a short command more, for it has few.
SHORT_INTERVAL, INTERVAL = 0.45, 0.95
SHORT_SECONDS = 30.0


class Counts(NamedTuple):
    """Seconds of processor time, and bytes read and written; None where they cannot be read."""

    cpu: float
    read: int | None
    written: int | None


class WorkCounter:
    """Counts what the processes of a command have done since `begun`."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._due = begun
        self._most = Counts(0.0, None, None)
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._hidden = False  # bytes of a process could not be read

    def take(self, found: Walk, now: float) -> Counts | None:
        """Return the counts of a look, if they are due."""
        if now < self._due or not found:
            return None
        self._due = now + (SHORT_INTERVAL if now - self._begun < SHORT_SECONDS else INTERVAL)
        ticks = sum(status.cpu for status in found.values())
        moved = {pid: bytes_of(pid) for pid in found}
        self._hidden = self._hidden or any(
            one is None and _is_hidden(pid) for pid, one in moved.items()
        )
        known = [one for one in moved.values() if one is not None]
        most = self._most
        read, written = most.read, most.written
        if self._hidden:
            read = written = None
        elif known:
            read = max(read or 0, sum(one for one, _ in known))
            written = max(written or 0, sum(one for _, one in known))
        self._most = Counts(max(most.cpu, ticks / self._ticks), read, written)
        return self._most


def _is_hidden(pid: int) -> bool:
    """Return whether a process lives whose bytes we may not read."""
    path = f"/proc/{pid}/io"
    return not os.access(path, os.R_OK) and os.path.exists(path)
