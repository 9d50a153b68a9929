"""A thread that passes one stream of the command on, byte for byte, as it comes."""

from __future__ import annotations

import errno
import os
import select
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.streams.filter import Hider
    from headway.run.streams.samples import Samples

CHUNK = 1 << 18  # bytes of a turn
SILENCE = 0.1  # seconds after the command's end in which its streams may still bring something


class Pump(threading.Thread):
    """Copies `source` to `target` and shows it to `samples`.

    After `finish` it ends at the end of the stream, or when nothing comes for a moment:
    `lingering` then tells that somebody the command left behind still has the stream.
    """

    def __init__(
        self, source: int, target: int, samples: Samples | None, hider: Hider | None = None
    ) -> None:
        super().__init__(name="headway-pump", daemon=True)
        self.source = source
        self.target = target
        self.samples = samples
        self._hider = hider
        self._buffer = memoryview(bytearray(CHUNK))
        self._ended, self._end = os.pipe()
        self.lingering = False
        self.error: OSError | None = None  # why it could not pass on what came

    def finish(self) -> None:
        """The command has ended: pass on what is there, and stop."""
        os.close(self._end)

    def run(self) -> None:
        """Copy until the stream ends."""
        poller = select.poll()
        poller.register(self.source, select.POLLIN)
        poller.register(self._ended, select.POLLIN)
        finishing = False
        try:
            while True:
                wait = SILENCE if finishing else 0.05 if self._held else None
                ready = {fd for fd, _ in poller.poll(None if wait is None else wait * 1000)}
                if self.source in ready:
                    if not self._copy():
                        return
                elif self._held:
                    self._write(self._hider.flush() if self._hider else b"")
                elif finishing:
                    self.lingering = True
                    return
                if self._ended in ready:
                    finishing = True
                    poller.unregister(self._ended)
        except OSError as error:
            # Nobody takes it any more: the command learns of it when it writes next.
            self.error = error
            os.close(self.source)

    @property
    def _held(self) -> bool:
        return self._hider is not None and bool(self._hider.held)

    def _copy(self) -> bool:
        try:
            size = os.readv(self.source, [self._buffer])
        except OSError as error:
            if error.errno != errno.EIO:  # of a pty: nobody has the other end any more
                raise
            size = 0
        if not size:
            if self._held and self._hider is not None:
                self._write(self._hider.flush())
            return False
        chunk = self._buffer[:size]
        if self.samples is not None:
            try:
                self.samples.put(chunk)
            except MemoryError:
                pass  # nobody sees it, but it is passed on
        self._write(chunk if self._hider is None else self._hider.feed(bytes(chunk)))
        return True

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.target, view) :]
            except BlockingIOError:  # somebody has made our standard output non-blocking
                select.select([], [self.target], [])


def copy_on(pairs: list[tuple[int, int]]) -> None:
    """Pass streams on until all have ended: for what a command left behind in the background."""
    poller = select.poll()
    targets = dict(pairs)
    for source in targets:
        poller.register(source, select.POLLIN)
    while targets:
        for source, _ in poller.poll():
            try:
                chunk = os.read(source, 65536)
                view = memoryview(chunk)
                while view:
                    view = view[os.write(targets[source], view) :]
            except OSError:
                chunk = b""
            if not chunk:
                poller.unregister(source)
                os.close(source)
                del targets[source]
