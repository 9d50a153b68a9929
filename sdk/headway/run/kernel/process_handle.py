"""Hold on to a process that is no child of ours: wait for its end, and ask the kernel how it ended.

Linux. By a pidfd, which never means another process. What the kernel tells is `wait_status`.
"""

from __future__ import annotations

import os
import select

from headway.host.process_status import wait_status
from headway.run.kernel.process_tree import process_status

PIDFD_OPEN = 434  # the same number on all architectures
POLL_SECONDS = 0.25  # between two looks where there is no pidfd


class ProcessHandle:
    """A process that runs; raise ProcessLookupError where it does not (any more).

    `started` tells it from another of the same pid.
    """

    def __init__(self, pid: int) -> None:
        before = process_status(pid)
        if before is None:
            raise ProcessLookupError(pid)
        self.pid = pid
        self.started = before.started
        self._pidfd = _open(pid)
        after = process_status(pid)
        if after is None or after.started != before.started:
            self.close()
            raise ProcessLookupError(pid)

    def wait(self, seconds: float) -> bool:
        """Wait for its end for at most so many seconds; return whether it has ended."""
        if self._pidfd is None:
            select.select([], [], [], min(seconds, POLL_SECONDS))
            status = process_status(self.pid)
            return status is None or status.started != self.started or status.state in "ZX"
        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def wait_status(self) -> int | None:
        """Return its wait status after its end; None where the kernel does not tell (yet)."""
        return wait_status(self.pid, self.started, self._pidfd)

    def close(self) -> None:
        """Let go of it."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None


def _open(pid: int) -> int | None:
    """Return a pidfd; None where the system has none. Raise ProcessLookupError."""
    try:
        opener = getattr(os, "pidfd_open", None)  # not before Python 3.9
        if opener is not None:
            found: int = opener(pid)
            return found
        import ctypes  # noqa: PLC0415 - old Pythons alone

        library = ctypes.CDLL(None, use_errno=True)
        descriptor = int(library.syscall(PIDFD_OPEN, pid, 0))
        if descriptor >= 0:
            return descriptor
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))  # noqa: TRY301 - told apart below
    except ProcessLookupError:
        raise
    except (OSError, ImportError, AttributeError):
        return None
