"""A binary file whose reads are counted."""

from __future__ import annotations

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Callable

__all__ = ["CountedFile"]


class CountedFile(io.RawIOBase):
    """Reads `file`, and tells `moved` where in it the reading is after each read.

    It closes `file` with itself only where it `owns` it.
    """

    def __init__(self, file: BinaryIO, moved: Callable[[int], object], *, owns: bool) -> None:
        self._file = file
        self._moved = moved
        self._owns = owns
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """As the file is."""
        return self._file.seekable()

    def _took(self, data: bytes | None) -> bytes:
        data = data or b""  # None: there is none just now
        self._position += len(data)
        self._moved(self._position)
        return data

    def read(self, size: int | None = -1) -> bytes:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Up to `size` bytes, or all."""
        return self._took(self._file.read(-1 if size is None else size))

    def readall(self) -> bytes:
        """All that is left."""
        return self.read()

    def readline(self, size: int | None = -1) -> bytes:
        """A line, up to `size` bytes of it."""
        return self._took(self._file.readline(-1 if size is None else size))

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as it goes; how many bytes that were."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Read on from elsewhere: what is done is counted from there."""
        self._position = self._file.seek(offset, whence)
        self._moved(self._position)
        return self._position

    def tell(self) -> int:
        """Where in it the reading is."""
        return self._file.tell()

    def close(self) -> None:
        """Close it."""
        if self._owns and not self.closed:
            self._file.close()
        super().close()
