"""A small log in the runtime directory: what came, what went, what was refused.

Two files at most, each of `LIMIT` bytes. Log lines hold ids, pids and the broker's own
words; never a name or text that a worker reported.
"""

from __future__ import annotations

import os
import sys
import time

LIMIT = 256 * 1024
NAME = "broker.log"


class Log:
    """Appends lines; a log that cannot be written is done without."""

    def __init__(self, directory: str | None, *, echo: bool = False) -> None:
        """Write to `directory`, and to standard error where `echo` says so."""
        self._path = os.path.join(directory, NAME) if directory else None
        self._echo = echo
        self._size = 0
        self._file: int | None = None
        self._open()

    def write(self, text: str) -> None:
        """Add a line, with the time of day before it."""
        seconds = time.time()
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
        line = f"{clock}.{int(seconds * 1000) % 1000:03d} {text}\n"
        if self._echo:
            try:
                sys.stderr.write(line)
                sys.stderr.flush()
            except (OSError, ValueError):
                self._echo = False
        if self._file is None:
            return
        data = line.encode("utf-8", "backslashreplace")
        try:
            if self._size + len(data) > LIMIT and self._path is not None:
                self.close()
                os.replace(self._path, f"{self._path}.1")
                self._open()
            self._append(data)
        except OSError:
            self.close()

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, data: bytes) -> None:
        if self._file is not None:
            os.write(self._file, data)
            self._size += len(data)

    def _open(self) -> None:
        if self._path is None:
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.open(self._path, flags, 0o600)
            self._size = os.fstat(self._file).st_size
        except OSError:
            self._file = None
