"""What several commands print, put together on one output: whole lines, each attributed.

Pure: every method returns what to write, as (1 or 2, bytes).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Tuple

    Pieces = List[Tuple[int, bytes]]
    Fold = Callable[[str], "tuple[str, str] | None"]

INTERLEAVED, GROUPED, QUIET = "interleaved", "grouped", "quiet"
KINDS = (INTERLEAVED, GROUPED, QUIET)
LINE_LIMIT = 1 << 16  # bytes of a line that is held back until it is whole
KEPT_LIMIT = 1 << 24  # bytes of one command that are held back until it ends: its last ones
# Of those, bytes that are shown of one that was cancelled: whoever cancelled it waits for the end.
CANCELLED_LIMIT = 1 << 16


class CommandOutput:
    """The output of one command: as lines that begin with its label, or whole at its end.

    `width` is that of the longest label. `fold(label)` returns what begins and ends a part of the
    log that is folded, if the log has such: what has succeeded is.
    """

    def __init__(self, kind: str, label: str, width: int, fold: Fold | None = None) -> None:
        self._kind = kind
        self._fold = fold
        self.label = label
        self._prefix = f"{label:<{width}} | ".encode("utf-8", "replace")
        self._partial = {1: b"", 2: b""}
        self._kept: Pieces = []
        self._kept_bytes = 0
        self._cut = False  # more was printed than is kept

    def feed(self, stream: int, data: bytes) -> Pieces:
        """Take what came on a stream, 1 or 2."""
        text = self._partial[stream] + data
        end = text.rfind(b"\n") + 1
        if not end and len(text) > LINE_LIMIT:
            text += b"\n"
            end = len(text)
        self._partial[stream] = text[end:]
        return self._take(stream, text[:end])

    def finish(self, failed: bool, *, cancelled: bool = False) -> Pieces:
        """Return what is left when the command has ended.

        Of one that was `cancelled` nothing is shown that only a failure would show, and else its
        last lines.
        """
        out: Pieces = []
        for stream in (1, 2):
            if self._partial[stream]:
                out += self._take(stream, self._partial[stream] + b"\n")
                self._partial[stream] = b""
        if cancelled and self._kept_bytes > CANCELLED_LIMIT:
            self._forget(CANCELLED_LIMIT)
        kept, self._kept = self._kept, []
        if kept and (self._kind == GROUPED or (failed and not cancelled)):
            marks = None if failed or self._fold is None else self._fold(self.label)
            last = ", its last lines" if self._cut else ""
            begin, end = marks or (f"==> {self.label}{last} <==\n", "")
            out.append((kept[0][0], begin.encode("utf-8", "replace")))
            out += kept
            if end:
                out.append((kept[-1][0], end.encode("utf-8", "replace")))
        return out

    def withholds(self, *, failed: bool) -> bool:
        """Return whether there is output that is not shown of one that was cancelled."""
        size = self._kept_bytes + sum(map(len, self._partial.values()))
        if self._kind == GROUPED:
            return size > CANCELLED_LIMIT
        return self._kind == QUIET and failed and size > 0

    def _take(self, stream: int, lines: bytes) -> Pieces:
        if not lines:
            return []
        if self._kind == INTERLEAVED:
            whole = lines.splitlines(keepends=True) if b"\r" not in lines else _lines(lines)
            return [(stream, b"".join(self._prefix + line for line in whole))]
        self._kept.append((stream, lines))
        self._kept_bytes += len(lines)
        while self._kept_bytes > KEPT_LIMIT and len(self._kept) > 1:
            self._kept_bytes -= len(self._kept.pop(0)[1])
            self._cut = True
        return []

    def _forget(self, limit: int) -> None:
        """Keep the last whole lines, of at most `limit` bytes."""
        kept: Pieces = []
        for stream, data in reversed(self._kept):
            part = data[max(len(data) - limit, 0) :]
            if len(part) < len(data):
                self._cut = True
                part = part[part.find(b"\n") + 1 :]  # before it stands the end of a line
            limit -= len(part)
            if part:
                kept.append((stream, part))
            if len(part) < len(data):
                break
        self._kept = kept[::-1]


def _lines(data: bytes) -> list[bytes]:
    """Return the lines of `data`, each as it looks once a terminal has drawn it over itself."""
    drawn = [line.rstrip(b"\r").rpartition(b"\r")[2] for line in data.split(b"\n")[:-1]]
    return [line + b"\n" for line in drawn]
