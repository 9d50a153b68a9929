"""The log file of the broker, in the runtime directory, with rotation.

Two files at most, each of `LIMIT` bytes. Lines hold ids, pids and phrases of the broker; never a
name or text that a worker reported.
"""

from __future__ import annotations

import os
import sys
import time

# Bytes of a file: some thousands of lines, in a directory that is often in memory (tmpfs).
LIMIT = 256 * 1024
NAME = "broker.log"


class Log:
    """Appends lines; does without a file that cannot be written."""

    def __init__(self, directory: str | None, *, echo: bool = False) -> None:
        """Open the log in `directory`; `echo` repeats its lines on standard error."""
        self._path = os.path.join(directory, NAME) if directory else None
        self._echo = echo
        self._size = 0
        self._file: int | None = None
        self._open()

    def write(self, text: str) -> None:
        """Append a line, with the local time before it."""
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
        """Close the file."""
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
