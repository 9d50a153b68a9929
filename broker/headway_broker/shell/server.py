"""The server: the sockets, the poller and the clock of the broker; a flat loop around the core.

Each turn drains the ROUTER, reads subscriptions, results of the history, deaths and the spool,
then ticks the core and has its effects carried out (`actions`). The high-water marks of both
sockets are here.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import deque
from typing import Any, Sequence

import zmq

from headway import __version__
from headway.host.identity import pid_namespace
from headway.protocol import endpoint, messages
from headway.protocol.inbox import is_inbox
from headway.protocol.wire import FRAME_LIMIT, Malformed, decode, unpack_counts
from headway_broker.core import Core
from headway_broker.history.jobs import Reopened, Stored
from headway_broker.history.writer import History
from headway_broker.peers.access import credentials
from headway_broker.peers.spooled import SpooledFile
from headway_broker.publishing.snapshots import Subscriber
from headway_broker.shell import processes
from headway_broker.shell.actions import Actions
from headway_broker.shell.connections import Connections, raise_descriptor_limit
from headway_broker.shell.cpu_pressure import CpuPressure
from headway_broker.shell.log import Log
from headway_broker.shell.memory import Memory
from headway_broker.shell.single_instance import SingleInstance
from headway_broker.shell.spool import BROKEN, REFUSED, Spool
from headway_broker.state import effects
from headway_broker.state.errors import fault
from headway_broker.state.sessions import Session

# Seconds for a connection to say its greeting (ZMTP) before it is closed: a descriptor each.
HANDSHAKE_TIME = 5.0
PIDFDS_SHARE = 4  # the share of the soft limit of descriptors for pidfds; connections have half
# Seconds from the end of a connection to that of its viewer: what it sent last is still read.
HUNG_UP_AFTER = 1.0
CHORES_EVERY = 3.0  # seconds between looks at unsent/ and at our own sockets
RESTORE_SECONDS = 0.02  # seconds of a turn in which stored operations are restored
DRAIN_SECONDS = 0.02  # seconds of reading before what is due gets its turn
CLOCK_CHECK_BYTES = 1 << 16  # bytes that are read between looks at the clock
FRAME_COST = 500  # bytes that a frame weighs besides its own
# High-water marks, in frames for each connection. What libzmq reads ahead of us: without a limit a
# flood made the broker hold 371 MB. What waits for a slow viewer, before libzmq drops silently and
# the viewer meets a gap: 5 s of the stream; doubled, a stopped viewer costs twice the memory.
ROUTER_RCVHWM = 256
XPUB_SNDHWM = 100
FAREWELL = 0.2  # seconds in which late clients are told to connect to the next broker


class Server:
    """Serves one runtime directory until it is told to stop, or is idle."""

    def __init__(
        self,
        directory: str,
        state: str | None,
        single_instance: SingleInstance,
        log: Log,
        leave_after: float,
        other_directories: Sequence[str] = (),
        about: dict[str, Any] | None = None,
    ) -> None:
        """Prepare to serve `directory`, with the history in `state` unless that is None.

        `other_directories` are the user's, too: what programs have left there is taken in. `about`
        is told to every client.
        """
        self.directory = directory
        self.single_instance = single_instance
        self.log = log
        self.uid = os.stat(directory).st_uid
        self.endpoint = "ipc://" + os.path.join(directory, endpoint.REPORT)
        now = time.monotonic()
        instance = os.urandom(8).hex()
        self.core = Core(
            instance,
            "ipc://" + os.path.join(directory, endpoint.FOLLOW),
            self.uid,
            processes.boot_id(),
            now,
            time.time() - now,
            facts=self._facts,
            namespace=pid_namespace(),
            about=about,
            stalled=CpuPressure().stalled,
        )
        self.core.idle_exit.after = leave_after
        descriptors = raise_descriptor_limit()
        self.deaths = processes.Deaths(descriptors // PIDFDS_SHARE)
        self.memory = Memory()
        self.spool = Spool(directory, self.uid, other_directories)
        self.stopping: str | None = None
        self._spooled_files: dict[str, SpooledFile] = {}
        self._next_chores = now
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._xpub = self._context.socket(zmq.XPUB)
        self._connections = Connections(descriptors)
        self._greeted: dict[int, bytes] = {}  # descriptor → the connection that said Hello on it
        self._hung_up: dict[bytes, float] = {}  # connections that were closed → when
        self._paused = False  # nothing is accepted
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._poller = zmq.Poller()
        self._restoring = False  # what an earlier broker stored is still being read
        self._to_restore: deque[effects.StoredOperation] = deque()
        self._state = state
        self._history: History | None = None  # from `open` on
        self._actions = Actions(self.core, self._router, self._xpub, self.deaths, log)

    def open(self) -> None:
        """Bind both sockets, then open the history: its file may be locked, or to be migrated.

        Raise OSError if the directory or libzmq refuses.
        """
        try:
            self._open()
        except zmq.ZMQError as error:
            raise OSError(error.errno, f"{error.strerror}: {self.endpoint}") from error
        if self._state is not None:
            self._history = self._open_history(self._state, time.monotonic())
            self._actions.history = self._history

    def _open(self) -> None:
        for sock in (self._router, self._xpub):
            sock.setsockopt(zmq.LINGER, 200)
            sock.setsockopt(zmq.MAXMSGSIZE, FRAME_LIMIT)
            sock.setsockopt(zmq.HANDSHAKE_IVL, int(HANDSHAKE_TIME * 1000))
        # Who sends more waits in its own socket. Should it close that, what we had no room for
        # is lost: ends are acknowledged, so whoever waits for that loses nothing.
        self._router.setsockopt(zmq.RCVHWM, ROUTER_RCVHWM)
        self._xpub.setsockopt(zmq.SNDHWM, XPUB_SNDHWM)
        self._xpub.setsockopt(zmq.XPUB_VERBOSER, 1)
        for name, sock in (("router", self._router), ("xpub", self._xpub)):
            monitor = self._connections.monitor(self._context, sock, name)
            self._poller.register(monitor, zmq.POLLIN)
        if hasattr(zmq, "IPC_FILTER_UID"):  # the names are on it, and it has no Hello to refuse
            for uid in {self.uid, 0}:
                self._xpub.setsockopt(zmq.IPC_FILTER_UID, uid)
        # Followers before reporters: a Welcome names an endpoint that is there.
        self._bind(self._xpub, endpoint.FOLLOW)
        self._bind(self._router, endpoint.REPORT)
        self._poller.register(self._router, zmq.POLLIN)
        self._poller.register(self._xpub, zmq.POLLIN)
        self._poller.register(self._woken.fileno(), zmq.POLLIN)
        if self.deaths.descriptor is not None:
            self._poller.register(self.deaths.descriptor, zmq.POLLIN)

    def serve(self) -> str:
        """Run turns until there is a reason to stop, and return it."""
        while self.stopping is None:
            self._poller.poll(self._timeout())
            self.turn()
        return self.stopping

    def turn(self) -> None:
        """Run one turn: read what came, do what is due."""
        now = time.monotonic()
        drained = self._drain(now)
        self._look_at_connections(now, drained=drained)
        self._subscriptions(now)
        self._empty_wake()
        self._take_results(now)
        self._restore_some(now)
        dead = self.deaths.poll()
        if dead:
            drained = self._drain(now)  # what they said last comes before their deaths
            for name in dead:
                self.core.died(name, now)
        # What is in the spool comes after what is stored, as it ended later.
        if not self._restoring and (now >= self._next_chores or self.core.liveness.settle_due(now)):
            self._take_in_spool(now)
            drained = drained and self.spool.read_whole
        if now >= self._next_chores:
            self._next_chores = now + CHORES_EVERY
            self.core.look_at_wall_clock(time.time() - time.monotonic())
            self._check_single_instance()
            self._note_closed(self._connections.sweep(), now)
            self.memory.look()
        if self._history is not None:
            self.core.storage.has_room = self._history.has_room
        self.core.tick(now, drained=drained)
        self._actions.carry_out()
        self.stopping = self.stopping or self._actions.stopping

    def stop_on_signals(self, numbers: tuple[int, ...]) -> None:
        """Stop in order on one of these signals."""
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._signalled)

    def close(self) -> None:
        """Tell late clients to connect to the next broker, and release everything."""
        self.single_instance.withdraw()
        until = time.monotonic() + FAREWELL
        while time.monotonic() < until:
            if self._router.poll(20):
                identity, *_ = self._router.recv_multipart()
                if identity not in self.core.sessions.by_identity:
                    self._actions.send(effects.Send(identity, messages.Retire()))
        signal.set_wakeup_fd(-1)
        if self._history is not None:
            self._history.stop(2.0)
        self.deaths.close()
        self._connections.close((self._router, self._xpub))
        self._context.destroy(linger=200)
        self._wake.close()
        self._woken.close()
        self.single_instance.release()

    def _open_history(self, state: str, now: float) -> History | None:
        history = History(state, self.directory, self.log.write, self._wake_up)
        if not history.usable:
            return None
        self.core.storage.has_history = True
        self._restoring = history.is_open
        if self._restoring:
            self.core.restore_some([], now)
        history.start(restore=self._restoring)
        return history

    def _restore_some(self, now: float) -> None:
        """Restore what an earlier broker stored for `RESTORE_SECONDS`: we are listening already."""
        if not self._to_restore:
            return
        until = time.monotonic() + RESTORE_SECONDS
        while self._to_restore:
            self.core.restore_some([self._to_restore.popleft()], now)
            if time.monotonic() > until:
                break
        if not self._to_restore:
            self._restoring = False
            self._next_chores = now  # what is in the spool is for whoever waits for a snapshot
            self.core.restored([], now)

    def _wake_up(self) -> None:
        try:
            self._wake.send(b"\0")
        except OSError:
            pass  # full: it will wake up all the same

    def _take_results(self, now: float) -> None:
        """Hand the results of the history to the core."""
        if self._history is None:
            return
        results = self._history.results
        while not results.empty():
            result = results.get()
            if isinstance(result, Stored):
                self.core.stored(*result)
            elif isinstance(result, Reopened):
                for key in result.claims:
                    self.core.requests.claimed(key)
                self._to_restore.extend(result.rows)
                if not result.rows:
                    self._restoring = False
                    self._next_chores = now  # as below
                    self.core.restored([], now)
            else:
                self.core.recalled(*result)

    def _timeout(self) -> int:
        due = self.core.deadline()
        wait = self._next_chores if due is None else min(due, self._next_chores)
        if self._to_restore:
            return 0
        seconds = max(0.0, wait - time.monotonic())
        if self.deaths.looking:
            seconds = min(seconds, processes.LOOK_EVERY)
        return int(seconds * 1000) + 1

    def _bind(self, sock: Any, name: str) -> None:
        self.single_instance.listen(name)
        if not self._paused:
            self._accept(sock, name)

    def _accept(self, sock: Any, name: str) -> None:
        """Have a socket accept from the listener of that name."""
        sock.setsockopt(zmq.USE_FD, self.single_instance.descriptor(name))
        sock.bind("ipc://" + os.path.join(self.directory, name))
        sock.setsockopt(zmq.USE_FD, -1)

    def _look_at_connections(self, now: float, *, drained: bool) -> None:
        """Note which connections came and went, and accept no more where they are too many."""
        self._note_closed(self._connections.look(), now)
        refused = self._connections.take_refused()
        if refused:
            self.core.dropped.add("connections", refused)
        if drained:
            for identity in [at for at, when in self._hung_up.items() if when <= now]:
                del self._hung_up[identity]
                self.core.hung_up(identity, now)
        if self._connections.full and not self._paused:
            self.log.write(f"{self._connections.limit} connections: no more are accepted for now")
            for sock in (self._router, self._xpub):
                sock.unbind(bytes(sock.getsockopt(zmq.LAST_ENDPOINT)))
            self._paused = True
        elif self._paused and self._connections.roomy:
            self._paused = False
            self._accept(self._xpub, endpoint.FOLLOW)
            self._accept(self._router, endpoint.REPORT)

    def _note_closed(self, descriptors: list[int], now: float) -> None:
        for descriptor in descriptors:
            identity = self._greeted.pop(descriptor, None)
            if identity is not None:
                self._hung_up[identity] = now + HUNG_UP_AFTER

    def _drain(self, now: float) -> bool:
        """Read what workers and viewers sent; return whether that was all.

        libzmq returns one frame of each connection in turn and reads `ROUTER_RCVHWM` of each
        ahead, so that a flood delays its sender, and others by one frame for each of theirs.
        """
        recv = self._router.recv
        receive_counts = self.core.receive_counts
        sessions = self.core.sessions.by_identity
        weight = 0
        while True:
            try:
                identity = recv(zmq.NOBLOCK)
            except zmq.Again:
                return True
            frame = recv(0, False)
            if frame.more:
                self._skip_rest()
                continue
            data = frame.bytes
            session = sessions.get(identity)
            counts = unpack_counts(data)
            if (
                session is None
                or counts is None
                or not receive_counts(session, *counts, len(data), now)
            ):
                self._receive(identity, session, frame, data, now)
            weight += len(data) + FRAME_COST
            if weight > CLOCK_CHECK_BYTES:
                weight = 0
                if time.monotonic() - now > DRAIN_SECONDS:
                    return False

    def _receive(
        self, identity: bytes, session: Session | None, frame: Any, data: bytes, now: float
    ) -> None:
        try:
            message = decode(data, messages.INBOUND)
        except Malformed as error:
            self.core.malformed(session, error)
            return
        if isinstance(message, messages.Hello):
            try:
                address = frame.get("Peer-Address")
            except zmq.ZMQError:
                address = None
            if self.core.greet(identity, credentials(address), message, now) is not None:
                self._greeted[frame.get(zmq.SRCFD)] = identity
        elif session is None:
            self.core.receive_unidentified(identity, now)
        else:
            self.core.receive(session, message, now)

    def _skip_rest(self) -> None:
        """Skip the parts of a message that has too many, and count it."""
        while self._router.getsockopt(zmq.RCVMORE):
            self._router.recv()
        self.core.dropped.add("multipart")

    def _subscriptions(self, now: float) -> None:
        while True:
            try:
                frame = self._xpub.recv(zmq.NOBLOCK, False)
            except zmq.Again:
                return
            while self._xpub.getsockopt(zmq.RCVMORE):
                self._xpub.recv()
            event = frame.bytes
            if event[:1] in (b"\0", b"\1"):
                if event[:1] == b"\1" and is_inbox(event[1:]) and not self._restoring:
                    self._take_in_spool(now)
                    if self._spooled_files:
                        self.core.await_ends(now)
                self.core.subscribed(event[1:], event[:1] == b"\1", _subscriber(frame))

    def _empty_wake(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            pass

    def _take_in_spool(self, now: float) -> None:
        for path, owner, found, aside in self.spool.read(now):
            why = "it holds what is not known"
            try:
                file = self.core.spooled.take(found, owner, now)
            except Exception as error:  # or each broker after this one ended by it as well
                file, aside, why = None, BROKEN, fault(error)  # noqa: PLW2901
            if file is not None and file.refused and aside is None:
                aside, why = REFUSED, f"refused: {file.refused[0]}"  # noqa: PLW2901
            if file is None or aside is not None:
                self.log.write(f"spool: a file is set aside: {why}")
                self.spool.set_aside(path, aside or BROKEN)
            else:
                self._spooled_files[path] = file
        for path, file in list(self._spooled_files.items()):
            if self.core.spooled.are_safe(file, now):
                del self._spooled_files[path]
                self.spool.remove(path)

    def _check_single_instance(self) -> None:
        if self.single_instance.lost():
            self.core.retire("the lock is no longer ours")
            return
        for name in self.single_instance.missing():
            self.log.write(f"{name} was not ours any more, bound again")
            try:
                self._bind(self._xpub if name == endpoint.FOLLOW else self._router, name)
            except (OSError, zmq.ZMQError) as error:
                self.log.write(f"{name}: {error}")

    def _facts(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "endpoint": self.endpoint,
            "version": __version__,
            "rss": processes.resident(),
            "unsent": {"waiting": len(self._spooled_files), "aside": self.spool.aside},
        }

    def _signalled(self, number: int, _frame: Any) -> None:
        self.stopping = signal.Signals(number).name


def _subscriber(frame: Any) -> Subscriber | None:
    """Return whose a subscription is, as far as libzmq tells."""
    try:
        return Subscriber(frame.get(zmq.SRCFD), credentials(frame.get("Peer-Address")))
    except zmq.ZMQError:
        return None
