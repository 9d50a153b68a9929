"""Carry out the effects of the core: send, publish, watch, look, store, note."""

from __future__ import annotations

import time
from typing import Any, Callable

import zmq

from headway.protocol import messages
from headway.protocol.wire import encode
from headway_broker.core import Core
from headway_broker.history.writer import History
from headway_broker.shell import processes
from headway_broker.shell.log import Log
from headway_broker.shell.sockets import Sockets
from headway_broker.state import effects

NOTES_PER_SECOND = 20  # notes a second that the log takes


class Actions:
    """An action for each kind of effect; `stopping` is the reason to stop, once there is one."""

    def __init__(
        self,
        core: Core,
        sockets: Sockets,
        deaths: processes.Deaths,
        log: Log,
        facts: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        """`facts()` returns what the status tells of this process."""
        self.history: History | None = None  # once it is open
        self.stopping: str | None = None
        self._core = core
        self._sockets = sockets
        self._deaths = deaths
        self._log = log
        self._facts = facts
        self._jobs: list[effects.Job] = []  # for the history
        self._notes = (0, 0)  # second, lines in it
        self._actions: dict[Any, Callable[[Any], None]] = {
            effects.Send: self.send,
            effects.SendStatus: self._send_status,
            effects.ReadKeys: self._read_keys,
            effects.Publish: self._publish,
            effects.Watch: self._watch,
            effects.Unwatch: self._unwatch,
            effects.StoreOperation: self._hand_to_history,
            effects.Recall: self._hand_to_history,
            effects.Trace: self._trace,
            effects.Identify: self._identify,
            effects.Inspect: self._inspect,
            effects.StoreRun: self._hand_to_history,
            effects.StoreClaim: self._hand_to_history,
            effects.Note: self._note,
            effects.Stop: self._stop,
        }

    @property
    def kinds(self) -> frozenset[Any]:
        """Return the kinds of effects that there is an action for."""
        return frozenset(self._actions)

    def carry_out(self) -> None:
        """Carry out the effects of the core."""
        for effect in self._core.take():
            self._actions[type(effect)](effect)
        if self._jobs and self.history is not None:
            self.history.put(self._jobs)
            self._jobs = []

    def send(self, effect: effects.Send) -> None:
        """Send a message to a peer; one that is gone or does not read goes without."""
        try:
            self._sockets.send(effect.identity, encode(effect.message))
        except zmq.ZMQError:
            pass  # it will ask, or be told again

    def _send_status(self, effect: effects.SendStatus) -> None:
        status = {**self._facts(), **effect.status}
        reply = messages.Reply(effect.request, status, None)
        self.send(effects.Send(effect.identity, reply))

    def _read_keys(self, effect: effects.ReadKeys) -> None:
        self._sockets.read_keys()
        result = {
            "listens": self._sockets.network_endpoint,
            "allowed": len(self._core.network_users),
        }
        self.send(effects.Send(effect.identity, messages.Reply(effect.request, result, None)))

    def _publish(self, effect: effects.Publish) -> None:
        try:
            self._sockets.publish(effect.topic, effect.frame)
        except zmq.ZMQError:
            pass

    def _hand_to_history(self, job: effects.Job) -> None:
        if self.history is not None:
            self._jobs.append(job)

    def _watch(self, effect: effects.Watch) -> None:
        self._deaths.watch(effect.session, effect.pid, effect.started)

    def _unwatch(self, effect: effects.Unwatch) -> None:
        self._deaths.unwatch(effect.session)

    def _trace(self, effect: effects.Trace) -> None:
        self._core.lock_holders.traced(effect.pid, processes.line_of(effect.pid))

    def _identify(self, effect: effects.Identify) -> None:
        image = processes.process_image(effect.pid)
        if image is not None:
            self._core.process_image_read(effect.session, image, time.monotonic())

    def _inspect(self, effect: effects.Inspect) -> None:
        state = processes.run_state(effect.pid)
        if state is not None:
            self._core.run_state_read(effect.session, state, time.monotonic())

    def _note(self, effect: effects.Note) -> None:
        second, lines = self._notes
        this = int(time.monotonic())
        lines = lines + 1 if this == second else 1
        self._notes = (this, lines)
        if lines <= NOTES_PER_SECOND:
            self._log.write(effect.text)

    def _stop(self, effect: effects.Stop) -> None:
        self.stopping = effect.reason
