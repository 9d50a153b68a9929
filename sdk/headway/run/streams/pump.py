"""A thread that relays one stream of the command, byte for byte, as it comes."""

from __future__ import annotations

import _thread
import errno
import os
import time

from headway.host import threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.run.streams.filter import DrawnLineFilter, LineFilter
    from headway.run.streams.output_log import StreamLog
    from headway.run.streams.output_terminal import OutputTerminal
    from headway.run.streams.samples import Samples

# Seconds of silence after the command's end after which a stream that is still open is left
# to a background process. Longer delays every command that starts a daemon.
LINGER_SECONDS = 0.1
# Seconds that an unfinished line is held back from the terminal: it may be a prompt.
HELD_SECONDS = 0.05
# Bytes of a chunk that are written at once, or not at all, to a pipe that takes anything.
ATOMIC_BYTES = 4096
WITHHELD_SECONDS = 0.05  # between looks whether the command may write again
# Seconds in which the second byte of a newline follows the first; a bar that ends with a carriage
# return is drawn that much later.
SPLIT_SECONDS = 0.002
_RETURN = 13


class Pump:
    """Copies `source` to `target`, and samples of it to `samples`; `log` keeps the last of it.

    In a thread of its own, which is no `threading.Thread`: the first bytes wait for what is
    imported here.

    The `terminal` of a command's pty is asked before each write: while the command may not write,
    what has come waits. It tells what of its newlines is passed on. `margins` returns what a
    terminal is given, whose margins the command may set.
    After `finish` it ends at the end of the stream, or after a short silence: `lingering` then
    tells that a process which the command left behind still holds the stream.
    """

    def __init__(
        self,
        source: int,
        target: int,
        samples: Samples | None,
        log: StreamLog,
        line_filter: LineFilter | DrawnLineFilter | None = None,
        terminal: OutputTerminal | None = None,
        margins: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.source = source
        self.target = target
        self.samples = samples
        self._filter = line_filter
        self._terminal = terminal
        self._margins = margins
        self._log = log
        self._ended, self._end = os.pipe()
        self.lingering = False
        self.error: OSError | None = None  # why it could not pass on what came
        self.started = False
        self.over = False  # all was relayed without a thread
        self._running = _thread.allocate_lock()  # held while it runs

    def start(self) -> None:
        """Start the thread. Raise RuntimeError where none can be had."""
        self._running.acquire()
        try:
            threads.start(self._run)
            self.started = True
        finally:
            if not self.started:
                self._running.release()

    def is_alive(self) -> bool:
        """Return whether it runs."""
        return self._running.locked()

    def join(self, seconds: float = -1) -> None:
        """Wait until it has ended, for so long at most."""
        if self._running.acquire(timeout=seconds):
            self._running.release()

    def finish(self) -> None:
        """Copy what is there and stop: the command has ended."""
        os.close(self._end)

    def _run(self) -> None:
        try:
            self._copy_all()
        finally:
            self._running.release()

    def _copy_all(self) -> None:
        """Copy until the stream ends."""
        import select  # noqa: PLC0415 - the command is not to wait for it

        poller = select.poll()
        poller.register(self.source, select.POLLIN)
        poller.register(self._ended, select.POLLIN)
        finishing = False
        try:
            while True:
                wait = LINGER_SECONDS if finishing else HELD_SECONDS if self._held else None
                ready = {fd for fd, _ in poller.poll(None if wait is None else wait * 1000)}
                if self.source in ready:
                    if not self.copy():
                        return
                elif self._held:
                    self._write_filtered(self._filter.flush() if self._filter else b"")
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
        return self._filter is not None and bool(self._filter.held)

    def can_copy_at_once(self) -> bool:
        """Return whether nothing would have to be waited for to pass on `ATOMIC_BYTES`."""
        import select  # noqa: PLC0415 - as above

        if self._filter is not None or not (self._terminal is None or self._terminal.may_write()):
            return False
        poller = select.poll()
        poller.register(self.target, select.POLLOUT)
        return bool(poller.poll(0))

    def copy(self, most: int | None = None) -> bool:
        """Copy what has come, or `most` bytes; return False at the end of the stream.

        Raise OSError.
        """
        space = self._log.space()[:most]
        try:
            size = os.readv(self.source, [space])
        except OSError as error:
            if error.errno != errno.EIO:  # of a pty: nobody has the other end any more
                raise
            size = 0
        if not size:
            if self._held and self._filter is not None:
                self._write_filtered(self._filter.flush())
            return False
        if self._terminal is None:
            chunk = space[:size]
        else:
            chunk = memoryview(self._for_terminal(space, size))
        if self.samples is not None:
            try:
                self.samples.put(chunk, time.monotonic())
            except MemoryError:
                pass  # nobody sees it, but it is passed on
        if self._filter is not None:
            self._write_filtered(self._filter.feed(bytes(chunk)))
        elif self._terminal is not None:
            self._write_filtered(bytes(chunk))
        else:
            self._log.came(size)
            self._write(chunk)
        return True

    def _for_terminal(self, space: memoryview, size: int) -> bytes:
        """Return what of the first `size` bytes the terminal is given, once that may be."""
        import select  # noqa: PLC0415 - as above

        terminal = self._terminal
        while terminal is not None and not terminal.may_write():
            if select.select([self._ended], [], [], WITHHELD_SECONDS)[0]:
                break
        while space[size - 1] == _RETURN and size < len(space):
            # The pty makes two bytes of a newline, which may come one by one.
            if not select.select([self.source], [], [], SPLIT_SECONDS)[0]:
                break
            try:
                size += os.readv(self.source, [space[size:]])
            except OSError:
                break  # its end is seen by the next read
        data = bytes(space[:size])
        return data if terminal is None else terminal.pass_on(data)

    def _write_filtered(self, data: bytes) -> None:
        """Pass on and keep what the filter has passed; what was read is written over."""
        self._log.copy(data)
        self._write(data)

    def _write(self, data: bytes | memoryview) -> None:
        if self._margins is not None:
            data = self._margins(bytes(data))
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.target, view) :]
            except BlockingIOError:  # somebody has made our standard output non-blocking
                import select  # noqa: PLC0415 - as above

                select.select([], [self.target], [])


def copy_first(pumps: list[Pump], seconds: float) -> None:
    """Copy what comes within `seconds`, as long as it is taken at once; the rest is for threads.

    A pump whose stream has ended by then is over.
    """
    import select  # noqa: PLC0415 - as above

    until = time.monotonic() + seconds
    poller = select.poll()
    for pump in pumps:
        poller.register(pump.source, select.POLLIN)
    left = {pump.source: pump for pump in pumps}
    while left:
        now = time.monotonic()
        ready = poller.poll((until - now) * 1000) if now < until else []
        if not ready:
            return
        for source, _ in ready:
            pump = left[source]
            if not pump.can_copy_at_once():
                return
            try:
                if pump.copy(ATOMIC_BYTES):
                    continue
            except OSError as error:
                pump.error = error
                os.close(source)
            poller.unregister(source)
            pump.over = True
            del left[source]


def copy_ready(pumps: list[Pump]) -> bool:
    """Copy for a moment what has come for pumps that have no thread; return whether anything has.

    Those whose stream has ended, or is read no more, leave the list.
    """
    import select  # noqa: PLC0415 - as above

    if not pumps:
        return False
    ready = select.select([pump.source for pump in pumps], [], [], LINGER_SECONDS)[0]
    for pump in [pump for pump in pumps if pump.source in ready]:
        try:
            if pump.copy():
                continue
        except OSError as error:
            pump.error = error
            os.close(pump.source)
        pumps.remove(pump)
    return bool(ready)


def copy_until_closed(pairs: list[tuple[int, int]]) -> None:
    """Copy (source, target) pairs until every source is closed, for processes left behind."""
    import select  # noqa: PLC0415 - as above

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
