"""The socket connection to the broker: connect, send, receive, retry with back-off, close.

Used by the reporting thread alone. The socket never reconnects by itself (RECONNECT_IVL -1): a
new connection is new to the broker, too, so it starts with a `Hello` and a resync.
"""

from __future__ import annotations

import os
import struct
import time

import zmq

from headway.host import importing, network, notebook, resources
from headway.host.files import first_environment, key_files
from headway.host.launch import broker_launch
from headway.protocol import limits, messages, wire
from headway.reporting.publisher import WATCHED
from headway.reporting.session import START_POLL, BackOff
from headway.reporting.spool import last_resort
from headway.reporting.viewers.terminal_viewer import TerminalViewer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.reporting.interfaces import Reporting, Thread
    from headway.reporting.spool.births import Births
    from headway.reporting.viewers.notebook_viewer import NotebookViewer

# Seconds in which others start the next broker after one that has retired: those in whose place it
# is better off. On a busy machine a broker takes up to seven to start. Doubled, a program that is
# alone reports that much later.
YIELD = 10.0
NEXT_FRAME = 1.2 * WATCHED  # seconds within which a look is taken for the next one
REACHED_TIMEOUT = 10.0  # seconds for a broker on a network to be reached and to say Welcome
IDLE_TIMEOUT = 30.0  # seconds without anything to report after which the connection is closed
HIGH_WATER_MARK = 8  # messages that wait in the socket at most: the others wait as marks
SPOOL_FILES = 20  # files of ended operations that a process writes for want of a broker
# Seconds at an exit, once all else is delivered, for output of what has failed: 1 MB takes a
# hundredth of it; it is no final state, so nobody waits longer for it.
OUTPUT_TIMEOUT = 0.2
LINGER_MS = 50  # for the last message on a connection that works
_GONE = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | zmq.EVENT_CONNECT_RETRIED | network.REFUSALS


class Connection:
    """The connection of one reporter; a retry is in here, too."""

    def __init__(self, reporter: Reporting, thread: Thread, births: Births) -> None:
        self._reporter = reporter
        self._thread = thread
        self._publisher = reporter.publisher
        self._viewer = _viewer_for(reporter)
        self._births = births
        # None until there is where to report: libzmq aborts where the system refuses it something.
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: Any = None
        self._address = ""  # of the socket
        self._busy_at = float("-inf")
        self._back_off = BackOff()
        self._yields_until = float("-inf")  # starts no broker until then
        self._overflows = 0
        # Until when a broker on a network has to have said Welcome: nothing tells that none is.
        self._reached_by: float | None = None

    def turn(self) -> None:
        """Send what is due, wait for the next event, receive. One turn of the thread's loop."""
        now = time.monotonic()
        self._spool_overflow(now)
        self._connect(now)
        self._births.keep(now, listening=self._socket is not None)
        self._send(now)
        self._wait(now)
        self._receive()
        self._answer()

    def restart(self) -> None:
        """Disconnect after an exception in a turn, and connect again after the back-off."""
        self._disconnect()
        self._back_off.failed(time.monotonic())

    def close(self) -> None:
        """Close the socket and its context; the process goes on and has another thread later."""
        self._disconnect()
        self._term()

    def finish(self) -> None:
        """End what is open, spool the final states, and deliver them within `EXIT_TIMEOUT`."""
        now = time.monotonic()
        # From the end on, not from here: our import may have come after it, and taken its time.
        until = self._thread.exit_deadline(now)
        publisher = self._publisher
        exit_spool = self._reporter.exit_spool
        self._spool_unacknowledged()
        if exit_spool.filled:
            # Before the other file may go: one that tells of what is open would outlive its end.
            self._births.drop()
        self._viewer.tell_ends([entry.model for entry in publisher.entries()])
        self._back_off.retry_at = now
        self._connect(now)
        stopped = broker_launch.StoppedBroker(self._address, now)
        left_to_file = False
        # Where nobody listens, or no longer, whoever comes next reads the file.
        while not publisher.all_acknowledged and now < until:
            if self._socket is None:
                if not self._thread.awaits_broker():
                    break
                time.sleep(START_POLL)
                now = time.monotonic()
                self._connect(now)
                continue
            if publisher.unheard or (stopped.is_found(now) and self._reporter.is_spooled()):
                break
            left_to_file = self._reporter.is_left_to_file()
            if left_to_file:
                break
            self._send(now, hurry=True)
            self._wait(now, min(until, stopped.due))
            self._receive()
            now = time.monotonic()
        try:
            if publisher.all_acknowledged:
                if not (publisher.forgot or publisher.refused_ends):
                    exit_spool.withdraw()
                self._deliver_output(min(until, now + OUTPUT_TIMEOUT))
                if self._socket is not None:
                    self._viewer.finish(self._receive_until)
            else:
                self._spool_unacknowledged()  # if the disk had no room before
                if self._socket is not None and not (publisher.unheard or left_to_file):
                    exit_spool.tell_others()
            if exit_spool.filled or not publisher.unacknowledged_ends:
                self._births.drop()
        finally:
            # Without a Bye the broker looks for the file as it hears of the end of this process.
            self._disconnect(leave=not left_to_file)
            self._term()

    def _term(self) -> None:
        if self._context is not None:
            self._context.term()

    def _connect(self, now: float) -> None:
        """Connect if there is something to report and a broker; disconnect when idle."""
        publisher = self._publisher
        wanted = not publisher.all_acknowledged
        if wanted:
            self._busy_at = now
        if self._socket is not None:
            if publisher.welcome is not None:
                self._reached_by = None
            if publisher.retired or (self._reached_by is not None and now > self._reached_by):
                self._give_up(now)
            elif not wanted and now > self._busy_at + IDLE_TIMEOUT:
                self._disconnect(leave=True)
            return
        if not wanted or now < self._back_off.retry_at or publisher.refused is not None:
            return
        try:
            starts = now >= self._yields_until
            address = broker_launch.endpoint(first_environment.environ(), os.getuid(), start=starts)
        except OSError as error:
            self._thread.reason = str(error)
            address = None
        if address is None or not self._thread.has_resources():
            self._back_off.failed(now)
        else:
            self._open(address)

    def _give_up(self, now: float) -> None:
        """Disconnect from a broker that is gone; let others start the next if it has retired."""
        if self._publisher.retired and self._is_worse_off():
            self._yields_until = now + YIELD
        self._disconnect()
        self._back_off.failed(now)

    def _is_worse_off(self) -> bool:
        """Return whether a broker that another process starts may be better off than ours."""
        mine = self._publisher.surroundings
        return mine is not None and (mine.service is not None or mine.nice > 0)

    def _open(self, address: str) -> None:
        if self._context is None:
            resources.occupy_standard_descriptors()  # a daemon may have closed them since
            self._context = zmq.Context()
        sock = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.LINGER, 0),
            (zmq.SNDHWM, HIGH_WATER_MARK),
            (zmq.RECONNECT_IVL, -1),
            (zmq.MAXMSGSIZE, limits.FRAME_LIMIT),
        ):
            sock.setsockopt(option, value)
        try:
            network.secure(sock, address, key_files.REPORTING)
        except OSError as error:  # the file has gone since it was looked for
            self._thread.reason = str(error)
            sock.close(0)
            self._back_off.failed(time.monotonic())
            return
        self._reached_by = (
            time.monotonic() + REACHED_TIMEOUT if network.is_network(address) else None
        )
        self._monitor = sock.get_monitor_socket(_GONE)
        sock.connect(address)
        self._socket, self._address = sock, address
        with self._reporter.lock:
            self._publisher.connected()

    def _disconnect(self, *, leave: bool = False) -> None:
        sock, self._socket = self._socket, None
        if sock is None:
            return
        linger = 0
        try:
            if leave and self._publisher.welcome is not None:
                sock.send(wire.encode(self._publisher.bye(time.monotonic())), zmq.NOBLOCK)
                linger = LINGER_MS
            sock.disable_monitor()
        except zmq.ZMQError:
            pass
        sock.close(linger)
        if self._monitor is not None:
            self._monitor.close(0)  # pyzmq before 27 leaves that to its destructor
            self._monitor = None
        with self._reporter.lock:
            self._publisher.lost()

    def _send(self, now: float, *, hurry: bool = False) -> None:
        """Send what is due while the socket is below its high-water mark."""
        reporter, publisher, sock = self._reporter, self._publisher, self._socket
        with reporter.lock:
            reporter.tally.tick(now)
            publisher.tick(now)
        if reporter.will is not None:  # first: what the file tells is never older than the wire
            try:
                reporter.will.tell(fold=False)
            except Exception:
                pass
        while sock is not None and int(sock.getsockopt(zmq.EVENTS)) & zmq.POLLOUT:
            if self._thread.exiting and not hurry:
                break  # the exit decides what is sent: thousands may wait
            with reporter.lock:
                taken = publisher.take(now, 1, hurry=hurry)
            if not taken:
                break
            try:
                frame = wire.encode(taken[0])
            except Exception:  # a fault of ours: of this one, and not of the others
                with reporter.lock:
                    publisher.unpacked(taken[0])
                continue
            try:
                sock.send(frame, zmq.NOBLOCK)
            except zmq.ZMQError:
                break  # it is missing in the sequence, so it will be asked for
        self._viewer.look(now)

    def _wait(self, now: float, until: float | None = None) -> None:
        """Wait until something is due, or the socket, the pipe or the monitor is readable."""
        thread, publisher = self._thread, self._publisher
        poll: list[tuple[Any, int]] = [(thread.read, zmq.POLLIN)]
        with self._reporter.lock:
            look = self._reporter.tally.deadline()
            dues = [look, self._viewer.deadline(), self._births.deadline(), until]
            absent = False
            if self._socket is None:
                sending = None
                absent = not publisher.all_acknowledged and publisher.refused is None
                if absent:
                    dues.append(self._back_off.retry_at)
            else:
                sending = publisher.deadline()
                full = sending is not None and sending <= now
                poll.append((self._socket, zmq.POLLIN | zmq.POLLOUT if full else zmq.POLLIN))
                poll.append((self._monitor, zmq.POLLIN))
                if not full:
                    dues.append(sending)
                dues.append(self._reached_by)
                if publisher.all_acknowledged:
                    dues.append(self._busy_at + IDLE_TIMEOUT)
            soon = min((due for due in (look, sending) if due is not None), default=None)
            # Counts can be told to nobody before the next look for a broker, which folds them.
            thread.resting = not absent and (soon is None or soon > now + NEXT_FRAME)
        wait = thread.check_end()
        if wait is not None:
            dues.append(now + wait)
        due = min((due for due in dues if due is not None), default=None)
        timeout = -1 if due is None else int(min(max(due - now, 0), 60) * 1000) + (due > now)
        ready: dict[Any, int] = dict(zmq.zmq_poll(poll, timeout))
        thread.resting = False
        if thread.read in ready:
            thread.clear_wakeups()
        if self._monitor is not None and self._monitor in ready and self._broken():
            self._receive()  # what it has said last
            self._give_up(now)

    def _broken(self) -> bool:
        broken = False
        while True:
            try:
                event, *_ = self._monitor.recv_multipart(zmq.NOBLOCK)
            except zmq.ZMQError:
                return broken
            (number,) = struct.unpack_from("=H", event)
            broken = broken or bool(number & _GONE)

    def _receive(self) -> None:
        while self._socket is not None:
            try:
                frame = self._socket.recv(zmq.NOBLOCK)
            except zmq.ZMQError:
                return
            try:
                message = wire.decode(frame, messages.OUTBOUND)
            except wire.Malformed:
                continue
            with self._reporter.lock:
                self._publisher.receive(message, time.monotonic())
            self._back_off.heard()

    def _deliver_output(self, until: float) -> None:
        """Send what is left of the output of failed operations."""
        now = time.monotonic()
        while self._socket is not None and self._publisher.output.pending and now < until:
            self._send(now, hurry=True)
            self._wait(now, until)
            self._receive()
            now = time.monotonic()

    def _receive_until(self, until: float) -> bool:
        """Wait for messages until `until` at most; return False once that has passed."""
        now = time.monotonic()
        if now >= until or self._socket is None:
            return False
        self._wait(now, until)
        self._receive()
        return True

    def _answer(self) -> None:
        """Deliver requests, without the lock: code of the program may run."""
        publisher = self._publisher
        while publisher.viewer_requests:
            request = publisher.viewer_requests.pop(0)
            handle = self._reporter.handles.get(request.operation)
            if handle is None:
                answer, reason = "refused", "it has ended"
            elif isinstance(request, messages.Pause):
                answer, reason = handle.pause(paused=request.paused)
            else:
                answer, reason = handle.ask(request.reason, kill=request.kill)
            with self._reporter.lock:
                publisher.answer(request.request, answer, reason)

    def _spool_unacknowledged(self) -> None:
        try:
            last_resort.finish(self._reporter)
        except OSError:
            pass  # the wire may take it

    def _spool_overflow(self, now: float) -> None:
        if self._reporter.closed:
            return  # the thread that ends the program spools everything
        with self._reporter.lock:
            overflow = self._publisher.take_overflow(now)
        if overflow:
            self._overflows += 1
            try:
                if self._overflows <= SPOOL_FILES:
                    next_name = self._reporter.next_spool_name
                    last_resort.spool_at_last(next_name(), overflow, next_name)
                    return
            except OSError:
                pass
            ends = {message.operation[0] for message in overflow[1:]}
            last_resort.count_lost(len(ends))


def _viewer_for(reporter: Reporting) -> NotebookViewer | TerminalViewer:
    """Return what shows operations where there is no other viewer: in cells, or a terminal."""
    if notebook.shell() is None:
        return TerminalViewer(reporter)
    with importing.lock:
        from headway.reporting.viewers.notebook_viewer import NotebookViewer  # noqa: PLC0415

    return NotebookViewer(reporter)
