"""A binary file whose reads are counted."""

from __future__ import annotations

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Callable

    Tell = Callable[[int], object]

__all__ = ["CountedFile"]


class CountedFile(io.RawIOBase):
    """Reads `file`; `advance` is told of the bytes of each read, `move` where a seek has led.

    It closes `file` with itself only where it `owns` it.
    """

    def __init__(self, file: BinaryIO, advance: Tell, move: Tell, *, owns: bool) -> None:
        self._file = file
        self._advance = advance
        self._move = move
        self._owns = owns

    @property
    def name(self) -> Any:
        """The file's."""
        return self._file.name

    @property
    def mode(self) -> str:
        """The file's."""
        return self._file.mode

    def fileno(self) -> int:
        """The file's."""
        return self._file.fileno()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """As the file is."""
        return self._file.seekable()

    def _took(self, data: bytes | None) -> bytes:
        data = data or b""  # None: there is none just now
        self._advance(len(data))
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
        places = memoryview(buffer).cast("B")
        data = self.read(len(places))
        places[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Read on from elsewhere: what is done is counted from there."""
        position = self._file.seek(offset, whence)
        self._move(position)
        return position

    def tell(self) -> int:
        """Where in it the reading is."""
        return self._file.tell()

    def close(self) -> None:
        """Close it."""
        if self._owns and not self.closed:
            self._file.close()
        super().close()
