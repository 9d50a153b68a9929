"""The ends of operations whose receipt on a terminal is claimed: printed, or deliberately not.

The terminal's viewer process prints receipts. A program whose viewer comes too late, or is killed,
prints its own at its exit. Each end is claimed first, in a file beside the terminal's locks: so
there is one receipt of it, whoever is the faster.
"""

from __future__ import annotations

import fcntl
import os
import time

from headway.async_exceptions import reraise_async
from headway.host.files.terminal_locks import open_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable

FILE = "ends"
# Ends that are remembered of a terminal: more than a broker shows of the past, so that no viewer
# meets one that has been forgotten here.
REMEMBERED = 1000
_READ_BYTES = 1 << 16
# Seconds for which a claim waits for another process's, which takes a millisecond. Whoever stopped
# in the middle of one holds up nobody: the receipt is then printed, at worst twice.
CLAIM_TIMEOUT = 0.1
_CLAIM_POLL = 0.002


class PrintedEnds:
    """The claimed ends of the terminal behind `descriptor`.

    Where there is no runtime directory each process has its own: no broker can be met either.
    """

    def __init__(self, descriptor: int) -> None:
        self._file: int | None = None
        self._unfiled: list[str] = []
        try:
            self._file = open_file(descriptor, FILE)
        except OSError as error:
            reraise_async(error)

    def __contains__(self, operation: str) -> bool:
        """Return whether the end of an operation is claimed."""
        return operation in self._read()

    def claim(self, operations: Iterable[str], timeout: float = CLAIM_TIMEOUT) -> set[str]:
        """Claim the ends of operations; return those that nobody had claimed before.

        Another process's claim is waited for, `timeout` seconds at most.
        """
        wanted = list(operations)
        if not wanted:
            return set()
        locked = self._lock(timeout)
        try:
            return set(self._claim(wanted))
        finally:
            if locked:
                self._unlock()

    def try_claim(self, operations: Iterable[str], timeout: float) -> set[str] | None:
        """Claim as `claim` does, but nothing where another process's claim takes longer: None.

        For who can leave the receipt to others.
        """
        if not self._lock(timeout):
            return None
        try:
            return set(self._claim(list(operations)))
        finally:
            self._unlock()

    def release(self, operations: Iterable[str], timeout: float = CLAIM_TIMEOUT) -> bool:
        """Give claims back, whose receipts could not be printed; return whether it was done.

        It is not where another process's claim takes longer than `timeout` seconds.
        """
        if not self._lock(timeout):
            return False
        try:
            self._release(set(operations))
        finally:
            self._unlock()
        return True

    def _claim(self, wanted: list[str]) -> list[str]:
        known = self._read()
        new = [operation for operation in wanted if operation not in known]
        if new:
            self._write([*known, *new][-REMEMBERED:])
        return new

    def _release(self, given: set[str]) -> None:
        self._write([operation for operation in self._read() if operation not in given])

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self, timeout: float) -> bool:
        until = time.monotonic() + timeout
        while self._file is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                reraise_async(error)
                if time.monotonic() >= until:
                    return False
                time.sleep(_CLAIM_POLL)
            else:
                return True
        return True  # no other process has this one's

    def _unlock(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _read(self) -> list[str]:
        if self._file is None:
            return self._unfiled
        try:
            return os.pread(self._file, _READ_BYTES, 0).decode("ascii", "replace").split()
        except OSError as error:
            reraise_async(error)
            return []

    def _write(self, operations: list[str]) -> None:
        if self._file is None:
            self._unfiled = operations
            return
        try:
            data = "".join(f"{operation}\n" for operation in operations).encode("ascii", "replace")
            os.pwrite(self._file, data, 0)
            os.ftruncate(self._file, len(data))
        except OSError as error:
            reraise_async(error)  # a full disk: a receipt may come twice
