"""Notice new files of the spool as they come, by inotify. Linux.

A program writes a birth file before it has imported what it greets by, and a command that ends at
once is told by its file alone: each is known that much sooner. Elsewhere, and where there are no
more inotify instances, the spool is read every few seconds and no sooner.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

# Seconds from the first new file until the spool is read. Most files are those of programs that end
# beside a broker which listens, and are gone by then; doubled, a birth is known that much later.
SETTLE = 0.04
_MOVED_TO, _IGNORED, _ONLY_FOLDER = 0x80, 0x8000, 0x01000000
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, bytes of the name that follows
_READ = 65536


class SpoolWatch:
    """Watches the folder `path`, which need not be there yet."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._library = ctypes.CDLL(None, use_errno=True)
        self._watch: int | None = None
        self._due: float | None = None
        self.descriptor = self._open()

    def _open(self) -> int | None:
        if sys.platform != "linux" or not hasattr(self._library, "inotify_init1"):
            return None
        found = int(self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        return found if found >= 0 else None

    def renew(self) -> None:
        """Watch the folder, if it is there and not watched."""
        if self.descriptor is None or self._watch is not None:
            return
        mask = _MOVED_TO | _ONLY_FOLDER
        found = self._library.inotify_add_watch(self.descriptor, os.fsencode(self._path), mask)
        self._watch = int(found) if found >= 0 else None

    def look(self, now: float) -> bool:
        """Take in what has come; return whether the spool is to be read `now`."""
        if self.descriptor is not None and self._has_come() and self._due is None:
            self._due = now + SETTLE
        if self._due is None or now < self._due:
            return False
        self._due = None
        return True

    def deadline(self) -> float | None:
        """Return when the spool is to be read, or None: nothing has come."""
        return self._due

    def close(self) -> None:
        """Release the descriptor."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def _has_come(self) -> bool:
        """Return whether a file has come. What is hidden by its name may wait."""
        came = False
        while True:
            try:
                data = os.read(self.descriptor or 0, _READ)
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                return came
            at = 0
            while at + _EVENT.size <= len(data):
                watch, mask, _, length = _EVENT.unpack_from(data, at)
                name = data[at + _EVENT.size : at + _EVENT.size + length]
                at += _EVENT.size + length
                if mask & _IGNORED and watch == self._watch:
                    self._watch = None  # the folder is gone
                elif mask & _MOVED_TO:
                    came = came or not name.startswith(b".")
