"""The one thread and the one socket of a reporting process.

The thread is no daemon, so that the interpreter waits for it at exit, also in children of
multiprocessing, which run no atexit functions. A second one, a daemon, waits for the end of
the main thread and tells it; then it has one second to deliver final states. Everything the
rest of the process does with it is one write to a pipe.
"""

from __future__ import annotations

import os
import struct
import threading
import time

from headway import launch
from headway.about import about, sign
from headway.cancellation import Request, deliver
from headway.operations import end_all
from headway.screen import Screen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.process import Home

FAREWELL = 1.0  # seconds that the exit may be delayed, while a final state is undelivered
STARTING = 0.03  # seconds between looks for a broker that is just being started
ABSENT = 5.0  # seconds at most between looks for a broker that is not there
PATIENT = 3.0  # seconds after which a broker that was started is taken for failed
IDLE = 30.0  # seconds without anything to report after which the connection is closed
HWM = 8  # messages that wait in the socket at most: the others wait as marks
WAITING_LINGER = 50  # ms for the last message of a connection that works


class Link(threading.Thread):
    """Sends what the publisher has to say, and hands on what comes back."""

    def __init__(self, home: Home) -> None:
        super().__init__(name="headway")
        # Threads inherit this from their starter, which may be a daemon.
        self.daemon = False
        self._home = home
        self._publisher = home.publisher
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
        self._roused = False
        self.resting = True  # it waits for nothing but the pipe: `update` has to rouse it
        self._ending = False
        self._watching = False
        self._signed: set[str] = set()
        self._screen = Screen(home)
        self._context: Any = None
        self._socket: Any = None
        self._monitor: Any = None
        self._zmq: Any = None
        self._wire: Any = None
        self._retry_at = 0.0
        self._pause = STARTING
        self._asked_at: float | None = None
        self._busy_at = 0.0
        self.reason: str | None = None  # why nothing is sent, for `doctor`

    # From other threads.

    def wake(self) -> None:
        """Look at the marks now; never blocks."""
        if not self._roused:
            self._roused = True
            try:
                os.write(self._write, b"\0")
            except OSError:
                pass

    def forked(self) -> None:
        """This is a forked child: the pipe is ours to close, the socket is not to be touched."""
        for end in (self._read, self._write):
            try:
                os.close(end)
            except OSError:
                pass

    # The thread.

    def run(self) -> None:
        """Report until the program ends, then deliver what is owed."""
        # Give the processor back first: the program's first report is waiting for us.
        time.sleep(0.001)
        try:
            self._prepare()
            self._watch()
            while not self._ending:
                self._turn()
        except Exception as error:
            self._give_up(error)
        try:
            self._part()
        except Exception as error:
            self.reason = f"{type(error).__name__}: {error}"
        finally:
            self._home.closed = True

    def _prepare(self) -> None:
        from headway import __version__  # noqa: PLC0415 - it imports this room

        self._publisher.about.update(about(__version__))
        import zmq  # noqa: PLC0415 - 30 ms, which the program does not wait for

        from headway.protocol import messages, wire  # noqa: PLC0415 - msgpack likewise

        self._zmq = zmq
        self._wire = wire
        self._directions = messages.OUTBOUND
        self._context = zmq.Context()

    def _give_up(self, error: Exception) -> None:
        """Reporting has failed for good: the program must not notice."""
        self.reason = f"{type(error).__name__}: {error}"
        self._disconnect()
        while not self._ending:
            with self._home.lock:
                self._publisher.lost()
                self._home.tally.tick(time.monotonic())
                due = self._home.tally.deadline()
            self._rest(None if due is None else due - time.monotonic())

    def _rest(self, seconds: float | None) -> None:
        import select  # noqa: PLC0415

        if not self._watching:
            seconds = 0.05 if seconds is None else min(seconds, 0.05)
            self._ending = not threading.main_thread().is_alive()
        select.select([self._read], [], [], None if seconds is None else max(seconds, 0.001))
        self._hear_pipe()

    def _watch(self) -> None:
        try:
            threading.Thread(target=self._await_end, name="headway-end", daemon=True).start()
            self._watching = True
        except RuntimeError:  # the interpreter is ending already
            self._watching = False

    def _await_end(self) -> None:
        threading.main_thread().join()
        while True:
            others = [
                thread
                for thread in threading.enumerate()
                if not thread.daemon
                and thread is not self
                and thread.is_alive()
                and thread is not threading.main_thread()
            ]
            if not others:
                break
            for thread in others:
                thread.join()
        self._ending = True
        self.wake()

    def _turn(self) -> None:
        now = time.monotonic()
        self._connect(now)
        self._send(now)
        self._answer()
        self._wait(now)
        self._receive()

    def _connect(self, now: float) -> None:
        """Have a socket, if there is anything to say and anybody to say it to."""
        publisher = self._publisher
        wanted = not publisher.settled
        if wanted:
            self._busy_at = now
        if self._socket is not None:
            if publisher.retired or (not wanted and now > self._busy_at + IDLE):
                self._disconnect(leave=not wanted)
            return
        if not wanted or now < self._retry_at or publisher.refused is not None:
            return
        try:
            endpoint = launch.endpoint(os.environ, os.getuid())
        except OSError as error:
            self.reason = str(error)
            endpoint = None
        if endpoint is None:
            self._look_again(now)
            return
        launch.started()
        self._asked_at = None
        self._pause = STARTING
        zmq = self._zmq
        sock = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.LINGER, 0),
            (zmq.SNDHWM, HWM),
            (zmq.RECONNECT_IVL, -1),
            (zmq.MAXMSGSIZE, self._wire.FRAME_LIMIT),
        ):
            sock.setsockopt(option, value)
        self._monitor = sock.get_monitor_socket(
            zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | zmq.EVENT_CONNECT_RETRIED
        )
        sock.connect(endpoint)
        self._socket = sock
        with self._home.lock:
            publisher.connected()

    def _look_again(self, now: float) -> None:
        # Just started: it listens in a moment. Absent for long: look ever less often.
        if self._asked_at is None:
            self._asked_at = now
        if now > self._asked_at + PATIENT:
            launch.started()
            self._pause = min(max(self._pause, 0.5) * 2, ABSENT)
        self._retry_at = now + self._pause

    def _disconnect(self, *, leave: bool = False) -> None:
        if self._socket is None:
            return
        sock, self._socket = self._socket, None
        try:
            linger = 0
            if leave and self._publisher.welcome is not None:
                with self._home.lock:
                    bye = self._publisher.bye(time.monotonic())
                sock.send(self._wire.encode(bye), self._zmq.NOBLOCK)
                linger = WAITING_LINGER
            sock.disable_monitor()
            self._monitor.close(0)
            sock.close(linger)
        except Exception:
            pass
        self._monitor = None
        with self._home.lock:
            self._publisher.lost()

    def _send(self, now: float, *, hurry: bool = False) -> None:
        """Send what is due for as long as the socket takes it."""
        home, publisher = self._home, self._publisher
        with home.lock:
            home.tally.tick(now)
            publisher.tick(now)
            for identity, entry in publisher.operations.items():
                if identity not in self._signed:
                    self._signed.add(identity)
                    sign(entry.model, publisher.about)
            if len(self._signed) > 2 * len(publisher.operations) + 1000:
                self._signed = set(publisher.operations)
        sock = self._socket
        zmq = self._zmq
        while sock is not None and sock.getsockopt(zmq.EVENTS) & zmq.POLLOUT:
            with home.lock:
                messages = publisher.take(now, 1, hurry=hurry)
            if not messages:
                break
            try:
                sock.send(self._wire.encode(messages[0]), zmq.NOBLOCK)
            except zmq.ZMQError:
                break  # it is missing in the sequence, so it will be asked for
        self._screen.look(now)

    def _wait(self, now: float, until: float | None = None) -> None:
        """Wait for the next thing to do, and take in what arrives by pipe and monitor."""
        zmq = self._zmq
        with self._home.lock:
            sending = self._publisher.deadline() if self._socket is not None else None
            dues = [sending, self._home.tally.deadline(), self._screen.deadline(), until]
            if self._socket is None and not self._publisher.settled:
                dues.append(self._retry_at)
            self.resting = sending is None or sending > now + 0.06
        if not self._watching:
            dues.append(now + 0.05)
            self._ending = self._ending or not threading.main_thread().is_alive()
        poller = [(self._read, zmq.POLLIN)]
        if self._socket is not None:
            if not self._publisher.settled:
                pass
            elif sending is not None:
                dues.append(self._busy_at + IDLE)
            # With a full socket there is nothing to do before it has room.
            full = sending is not None and sending <= now
            poller += [
                (self._socket, zmq.POLLIN | (zmq.POLLOUT if full else 0)),
                (self._monitor, zmq.POLLIN),
            ]
            if full:
                dues.remove(sending)
        due = min((due for due in dues if due is not None), default=None)
        timeout = -1 if due is None else max(0, min(int((due - now) * 1000) + 1, 60_000))
        ready = dict(zmq.zmq_poll(poller, timeout))
        self.resting = False
        if self._read in ready:
            self._hear_pipe()
        if self._monitor is not None and self._monitor in ready:
            self._hear_monitor()

    def _hear_pipe(self) -> None:
        self._roused = False
        try:
            os.read(self._read, 4096)
        except OSError:
            pass

    def _hear_monitor(self) -> None:
        zmq = self._zmq
        gone = False
        while True:
            try:
                event, *_ = self._monitor.recv_multipart(zmq.NOBLOCK)
            except zmq.ZMQError:
                break
            (number,) = struct.unpack_from("=H", event)
            gone = gone or number in (
                zmq.EVENT_DISCONNECTED,
                zmq.EVENT_CLOSED,
                zmq.EVENT_CONNECT_RETRIED,
            )
        if gone:
            self._receive()
            self._disconnect()
            self._retry_at = time.monotonic()

    def _receive(self) -> None:
        zmq = self._zmq
        while self._socket is not None:
            try:
                frame = self._socket.recv(zmq.NOBLOCK)
            except zmq.ZMQError:
                return
            try:
                message = self._wire.decode(frame, self._directions)
            except ValueError:
                continue
            with self._home.lock:
                self._publisher.receive(message, time.monotonic())

    def _answer(self) -> None:
        """Pass on the wishes to cancel. No lock is held: a program's own code may run."""
        publisher = self._publisher
        while publisher.cancels:
            cancel = publisher.cancels.pop(0)
            handle = self._home.handles.get(cancel.operation)
            if handle is None:
                answer, reason = "refused", "it has ended"
            else:
                answer, reason = deliver(handle, Request(cancel.reason, kill=cancel.kill))
            with self._home.lock:
                publisher.answer(cancel.request, answer, reason)
        if publisher.deadline() == float("-inf"):
            self._send(time.monotonic())

    # The end of the program.

    def _part(self) -> None:
        """Settle what is open, deliver the ends within the bound, or leave them in a file."""
        now = time.monotonic()
        until = now + FAREWELL
        publisher = self._publisher
        end_all(self._home)
        while self._wire is not None and not publisher.settled and now < until:
            self._retry_at = min(self._retry_at, now)
            self._connect(now)
            if self._socket is None:
                break  # nobody listens: whoever comes next reads the file
            self._send(now, hurry=True)
            if publisher.settled:
                break
            self._wait(now, until)
            self._receive()
            now = time.monotonic()
        if not publisher.settled:
            self._leave_unsent()
        elif self._socket is not None:
            self._screen.part(self._wait_and_receive)
        self._disconnect(leave=True)
        launch.started()
        if self._context is not None:
            self._context.term()

    def _wait_and_receive(self, until: float) -> bool:
        """Wait for a message until then at the latest; False when it is too late."""
        now = time.monotonic()
        if now >= until or self._socket is None:
            return False
        self._wait(now, until)
        self._receive()
        return True

    def _leave_unsent(self) -> None:
        """Write what is owed as a file that the broker takes in."""
        with self._home.lock:
            frames = [self._wire.encode(item) for item in self._publisher.unsent(time.monotonic())]
        if frames:
            place = launch.directory(os.environ, os.getuid())
            write_unsent(place, self._publisher.session, b"".join(map(self._wire.pack, frames)))


def write_unsent(place: str, session: str, data: bytes) -> None:
    """Leave final states in the runtime directory `place`; raises OSError."""
    from headway.protocol.endpoint import UNSENT  # noqa: PLC0415

    folder = os.path.join(place, UNSENT)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    temporary = os.path.join(folder, f"{session}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)
    os.rename(temporary, os.path.join(folder, session))
