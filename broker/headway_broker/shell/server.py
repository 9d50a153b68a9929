"""The server: the poller and the clock of the broker; a flat loop around the core.

Each turn drains the ROUTER and reads subscriptions (`sockets`), results of the history, deaths and
the spool, then ticks the core and has its effects carried out (`actions`).
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
from headway_broker.core import Core
from headway_broker.history.jobs import Reopened, Stored
from headway_broker.history.writer import History
from headway_broker.peers.spooled import SpooledFile
from headway_broker.shell import handover, processes
from headway_broker.shell.actions import Actions
from headway_broker.shell.connections import raise_descriptor_limit
from headway_broker.shell.cpu_pressure import CpuPressure
from headway_broker.shell.log import Log
from headway_broker.shell.memory import Memory
from headway_broker.shell.network import Listen
from headway_broker.shell.single_instance import SingleInstance
from headway_broker.shell.sockets import Sockets
from headway_broker.shell.spool import BROKEN, REFUSED, Spool
from headway_broker.state import effects
from headway_broker.state.errors import fault

PIDFDS_SHARE = 4  # the share of the soft limit of descriptors for pidfds; connections have half
# Seconds between looks at unsent/ and at our own sockets: at least, where the broker is awake
# anyway, and at most. Heartbeats come every 2 s, so that it seldom wakes for that alone.
CHORES_EVERY = 2.5
CHORES_LATEST = 4.5
RESTORE_SECONDS = 0.02  # seconds of a turn in which stored operations are restored
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
        listen: Listen | None = None,
    ) -> None:
        """Prepare to serve `directory`, with the history in `state` unless that is None.

        `other_directories` are the user's, too: what programs have left there is taken in. `about`
        is told to every client. With `listen` it serves a network, too.
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
            namespace=pid_namespace(),
            about=about,
        )
        self.core.idle_exit.after = leave_after
        descriptors = raise_descriptor_limit()
        self.deaths = processes.Deaths(descriptors // PIDFDS_SHARE)
        self.memory = Memory()
        self._pressure = CpuPressure()
        self.spool = Spool(directory, self.uid, other_directories)
        self.stopping: str | None = None
        self._spooled_files: dict[str, SpooledFile] = {}
        self._next_chores = self._early_chores = now
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._poller = zmq.Poller()
        self._restoring = False  # what an earlier broker stored is still being read
        self._to_restore: deque[effects.StoredOperation] = deque()
        self._state = state
        self._history: History | None = None  # from `open` on
        self.sockets = Sockets(
            self.core, single_instance, log, descriptors, self._take_in_before_snapshot, listen
        )
        self._actions = Actions(self.core, self.sockets, self.deaths, log, self._facts)

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
        self.sockets.open(self._poller, self.uid)
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
        self.core.look_at_pressure(self._pressure.stalled())
        self.sockets.authenticate()
        drained = self.sockets.drain(now)
        self.sockets.look(now, drained=drained)
        self.sockets.take_subscriptions(now, restoring=self._restoring)
        self._empty_wake()
        self._take_results(now)
        self._restore_some(now)
        dead = self.deaths.poll()
        if dead:
            drained = self.sockets.drain(now)  # what they said last comes before their deaths
            for death in dead:
                self.core.died(death.name, now, death.status)
        # What is in the spool comes after what is stored, as it ended later.
        chores = now >= min(self._early_chores, self._next_chores)
        # The dead may have left all that they owed in a file, where that was much.
        looks = chores or dead or self.spool.more or self.core.liveness.settle_due(now)
        if looks and not self._restoring:
            self._take_in_spool(now)
            drained = drained and self.spool.read_whole
        if chores:
            self._early_chores, self._next_chores = now + CHORES_EVERY, now + CHORES_LATEST
            self.core.look_at_wall_clock(time.time() - time.monotonic())
            self._check_single_instance()
            self.sockets.sweep(now)
            self.sockets.read_keys(if_changed=True)
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
        for identity in self.sockets.late_clients(time.monotonic() + FAREWELL):
            self._actions.send(effects.Send(identity, messages.Retire()))
        signal.set_wakeup_fd(-1)
        if self._history is not None:
            self._history.stop(2.0)
        self._hand_over()
        self.deaths.close()
        self.sockets.close()
        self._wake.close()
        self._woken.close()
        self.single_instance.release()

    def _hand_over(self) -> None:
        """Leave what no history has in the spool, for the next broker."""
        lacks = self._state is not None and (self._history is None or self._history.lacks_some)
        if lacks:
            entries, boot = self.core.ledger.ended, self.core.sessions.boot
            left = handover.leave(self.directory, self.uid, entries, boot, time.monotonic())
            self.log.write(f"left {left} ended operations in the spool: there is no history")

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
        if self._to_restore or self.spool.more:
            return 0
        seconds = max(0.0, wait - time.monotonic())
        if self.deaths.looking:
            seconds = min(seconds, processes.LOOK_EVERY)
        return int(seconds * 1000) + 1

    def _empty_wake(self) -> None:
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            pass

    def _take_in_before_snapshot(self, now: float) -> None:
        self._take_in_spool(now)
        if self._spooled_files:
            self.core.await_ends(now)

    def _take_in_spool(self, now: float) -> None:
        for path, owner, found, aside in self.spool.read(now):
            why = "it holds what is not known"
            try:
                file = self.core.spooled.apply(found, owner, now)
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
        self.sockets.bind_missing()

    def _facts(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "endpoint": self.endpoint,
            "network": self.sockets.network_endpoint,
            "version": __version__,
            "rss": processes.resident(),
            "unsent": {"waiting": len(self._spooled_files), "aside": self.spool.aside},
        }

    def _signalled(self, number: int, _frame: Any) -> None:
        self.stopping = signal.Signals(number).name
