"""A binary file that counts the bytes read from it."""

from __future__ import annotations

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Callable

    Tell = Callable[[int], object]

__all__ = ["CountedFile"]


class CountedFile(io.RawIOBase):
    """Reads `file`; calls `advance` with the bytes of each read, `move` with a seek's position.

    It closes `file` with itself only where it `owns` it.
    """

    def __init__(self, file: BinaryIO, advance: Tell, move: Tell, *, owns: bool) -> None:
        self._file = file
        self._advance = advance
        self._move = move
        self._owns = owns

    @property
    def name(self) -> Any:
        """The name of the file."""
        return self._file.name

    @property
    def mode(self) -> str:
        """The mode of the file."""
        return self._file.mode

    def fileno(self) -> int:
        """Return the descriptor of the file."""
        return self._file.fileno()

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return whether the file can be sought in."""
        return self._file.seekable()

    def _took(self, data: bytes | None) -> bytes:
        data = data or b""  # None: there is none just now
        self._advance(len(data))
        return data

    def read(self, size: int | None = -1) -> bytes:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return up to `size` bytes, or all that are left."""
        return self._took(self._file.read(-1 if size is None else size))

    def readall(self) -> bytes:
        """Return all bytes that are left."""
        return self.read()

    def readline(self, size: int | None = -1) -> bytes:
        """Return a line, up to `size` bytes of it."""
        return self._took(self._file.readline(-1 if size is None else size))

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`; return the number of bytes read."""
        places = memoryview(buffer).cast("B")
        data = self.read(len(places))
        places[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to another position, from which what is done is counted on."""
        position = self._file.seek(offset, whence)
        self._move(position)
        return position

    def tell(self) -> int:
        """Return the position in the file."""
        return self._file.tell()

    def close(self) -> None:
        """Close it, and the file where it owns it."""
        if self._owns and not self.closed:
            self._file.close()
        super().close()
