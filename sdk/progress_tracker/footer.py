"""The footer of one terminal, shared by all trackers of this process that draw there.

Frames stand below each other and are redrawn in place. What the program itself prints
through `sys.stdout` or `sys.stderr` is written above them, whole. Absent: what a frame
shows, and how often.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import weakref

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

# By terminal or stream, for as long as somebody draws there.
_footers: weakref.WeakValueDictionary[Any, Footer] = weakref.WeakValueDictionary()
_footers_lock = threading.Lock()


def footer_of(stream: Any) -> Footer:
    """Return the one footer of the terminal that `stream` writes to."""
    stream = getattr(stream, "headway_stream", stream)
    key = _terminal(stream) or id(stream)
    with _footers_lock:
        footer = _footers.get(key)
        if footer is None or footer.stream.closed:
            footer = _footers[key] = Footer(stream)
        return footer


def _terminal(stream: Any) -> Any:
    """Return what tells its terminal from others, or None if it is no terminal."""
    try:
        number = stream.fileno()
        return os.fstat(number).st_rdev if os.isatty(number) else None
    except (OSError, ValueError, AttributeError) as error:
        reraise_async(error)
        return None


def write_raw(stream: Any, text: str) -> None:
    """Write past the stream's own buffer, which cannot be entered just now."""
    try:
        os.write(stream.fileno(), text.encode(stream.encoding, "replace"))
    except Exception as error:
        reraise_async(error)


class Footer:
    """Frames (owner → rows) at the foot of a terminal.

    Rows are strings without line ends that fit the width. Nothing here raises because of the
    terminal, and a terminal that does not accept output (^S) costs frames, not time.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.lock = threading.RLock()
        self.frames: dict[int, list[str]] = {}
        self._rows = 0  # on the terminal now
        self._height = 24  # of the terminal
        self._line_start = True  # the program's own last print ended its line

    def show(self, owner: int, rows: list[str], height: int) -> None:
        """Draw `rows` as the frame of `owner`, in place of its last one."""
        with self.lock:
            self.frames[owner] = rows
            self._height = height
            if self._writable(0.0):
                self._watch()
                self._write(self._redrawn())

    def leave(self, owner: int, rows: Iterable[str]) -> None:
        """Remove the frame of `owner` and leave `rows` on the terminal."""
        with self.lock:
            self.frames.pop(owner, None)
            self.say(rows)
            if not self.frames:
                self._unwatch()

    def say(self, rows: Iterable[str]) -> None:
        """Write `rows` above the frames, to stay."""
        with self.lock:
            if self._writable(0.25):
                start = "" if self._line_start or self._rows else "\n"
                erase, self._rows = self._erasing(), 0
                self._line_start = True
                said = "".join(f"{row}\n" for row in rows)
                self._write(start + erase + said + self._redrawn())

    def above(self, stream: Any, text: str) -> int:
        """Write what the program prints; the frames return once its line is whole."""
        with self.lock:
            if not text:
                return 0
            erase, self._rows = self._erasing(), 0
            self._line_start = text.endswith("\n")
            frames = self._redrawn() if self._line_start else ""
            stream.write(erase + text + frames)
            return len(text)

    def _erasing(self) -> str:
        return f"\r\x1b[{self._rows}A\x1b[J" if self._rows else ""

    def _redrawn(self) -> str:
        rows = [row for frame in self.frames.values() for row in frame]
        rows = rows[-max(1, self._height - 1) :]
        start = "" if self._line_start or self._rows else "\n"
        self._line_start = True
        up = f"\r\x1b[{self._rows}A" if self._rows else ""
        self._rows = len(rows)
        return start + up + "".join(f"{row}\x1b[K\n" for row in rows) + ("\x1b[J" if up else "")

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except RuntimeError as error:  # a signal came while this very stream was being written to
            reraise_async(error)
            write_raw(self.stream, text)
        except Exception as error:  # closed, broken, unable: the work goes on without a picture
            reraise_async(error)

    def _writable(self, seconds: float) -> bool:
        try:
            number = self.stream.fileno()
        except Exception as error:
            reraise_async(error)
            return True  # no descriptor, nothing that could block
        try:
            poll = select.poll()  # unlike `select`, for descriptors of any number
            poll.register(number, select.POLLOUT)
            return bool(poll.poll(seconds * 1000))
        except (
            OSError,
            ValueError,
            AttributeError,
        ) as error:  # the last is Windows, which has no poll
            reraise_async(error)
            return False

    def _watch(self) -> None:
        mine = _terminal(self.stream)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if not isinstance(stream, StreamProxy) and mine and _terminal(stream) == mine:
                setattr(sys, name, StreamProxy(self, stream))

    def _unwatch(self) -> None:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, StreamProxy) and stream.headway_footer is self:
                setattr(sys, name, stream.headway_stream)


class StreamProxy:
    """Replaces a stream while frames are shown: what is printed comes above them."""

    def __init__(self, footer: Footer, stream: Any) -> None:
        self.headway_footer = footer
        self.headway_stream = stream

    def write(self, text: str) -> int:
        """Write `text` above the frames."""
        return self.headway_footer.above(self.headway_stream, text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write `lines`, with the line ends that they have, above the frames."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.headway_stream, name)
