"""A stand-in for the broker: listens where programs report, and keeps what they said.

As the broker, it takes in what programs left in files because they could not say it in time,
which on a busy machine is any of them.
"""

from __future__ import annotations

import contextlib
import glob
import os
import subprocess
import threading

import zmq
from machine import until

from headway.model import Operation, Stage
from headway.protocol import messages, wire
from headway_broker.shell.spool import frames


class Listener:
    """Reads what workers send on a thread of its own; `operations` is what they said."""

    def __init__(self, directory, *, acknowledge=True, watched=True):
        self.acknowledge = acknowledge
        self.watched = watched
        self.sessions = {}
        self._operations = {}
        self._shares = {}
        self._unsent = os.path.join(directory, "unsent", "*")
        self._lock = threading.RLock()
        self.heard = []
        self.answers = []
        self.byes = set()
        self._counted = {}
        self._owners = {}  # operation → session
        self._identities = {}
        self._orders = []
        self._stop = False
        self._context = zmq.Context()
        self._router = self._context.socket(zmq.ROUTER)
        self._router.setsockopt(zmq.LINGER, 0)
        self._router.setsockopt(zmq.RCVHWM, 0)
        self._router.bind("ipc://" + os.path.join(directory, "report.sock"))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if not self._stop:
            self._stop = True
            self._thread.join()
            self._context.destroy(linger=0)

    @property
    def operations(self):
        """Every operation by its id."""
        self._take_left()
        return self._operations

    @property
    def shares(self):
        """(operation, stage) → session → what it counted there."""
        self._take_left()
        return self._shares

    def _take_left(self):
        with self._lock:
            for path in glob.glob(self._unsent) if self.acknowledge else ():
                # A worker removes what it left once it knows that it was heard.
                with contextlib.suppress(FileNotFoundError):
                    with open(path, "rb") as file:
                        left = file.read()
                    for message in frames(left)[0]:
                        self._take(path, message)
                    os.unlink(path)

    def named(self, name):
        """The only operation of that name, or None while there is none."""
        found = [operation for operation in self.operations.values() if operation.name == name]
        assert len(found) <= 1, found
        return found[0] if found else None

    def ended(self, name, seconds=60.0):
        """Wait for the end of the operation of that name."""
        return until(lambda: self._if_ended(self.named(name)), f"the end of {name!r}", seconds)

    def _if_ended(self, operation):
        return operation if operation is not None and not operation.open else None

    def stage(self, operation, name):
        found = [stage for stage in operation.stages.values() if stage.name == name]
        assert len(found) == 1, found
        return found[0]

    def send(self, operation, message):
        """Send a message to the worker of an operation."""
        self._orders.append((operation.id, message))

    def _read(self):
        while not self._stop:
            # Of whom only a file has told so far, there is nobody to be told yet.
            while self._orders and self._owners[self._orders[0][0]] in self._identities:
                operation, message = self._orders.pop(0)
                self._reply(self._identities[self._owners[operation]], message)
            if not self._router.poll(10):
                continue
            identity, frame = self._router.recv_multipart()
            message = wire.decode(frame, messages.INBOUND)
            self.heard.append((identity, message))
            with self._lock:
                self._take(identity, message)

    def _reply(self, identity, message):
        if isinstance(identity, str):
            return  # the path of a file, which nobody reads an answer to
        self._router.send_multipart([identity, wire.encode(message)])

    def _take(self, identity, message):
        kind = type(message)
        if kind is messages.Hello:
            self.sessions[identity] = message
            if not isinstance(identity, str):
                self._identities[message.session] = identity
            self._reply(
                identity,
                messages.Welcome(
                    1, messages.MINOR, "listener", 0.0, 0.0, "ipc:///nowhere", self.watched
                ),
            )
        elif identity not in self.sessions:
            return
        elif kind is messages.Announce:
            session = self.sessions[identity].session
            model = self._operations.get(message.operation[0])
            if model is None:
                assert message.whole, message
                model = Operation(message.operation[0], "")
            assert self._owners.setdefault(model.id, session) == session
            for record in message.stages:
                self._counted[session, model.apply_stage(record).id] = model
            model.apply(message.operation)
            self._operations[model.id] = model
            if not model.open and self.acknowledge:
                self._reply(identity, messages.Acknowledge([[model.id, model.revision]]))
            elif message.whole and self.acknowledge:
                self._reply(identity, messages.Acknowledge([], [], [model.id]))
        elif kind is messages.Counts:
            session = self.sessions[identity].session
            for stage, done, total, detail in wire.read_counts(message.counts):
                self._count(self._counted[session, stage].stages[stage], done, total, detail)
        elif kind is messages.Share:
            key = (message.operation, message.stage)
            session = self.sessions[identity].session
            self._shares.setdefault(key, {})[session] = message.done
            if message.last and self.acknowledge:
                safe = [[message.operation, message.stage, message.done]]
                self._reply(identity, messages.Acknowledge([], safe))
        elif kind is messages.Answer:
            self.answers.append(message)
        elif kind is messages.Bye:
            self.byes.add(self.sessions[identity].session)

    def _count(self, stage: Stage, done, total, detail):
        stage.done = done
        if total is not wire.UNCHANGED:
            stage.total, stage.detail = total, detail


def heard(machine, listener, code, *arguments):
    """Run a program; what it reads at its standard input ends when "Work" has been heard of."""
    program = machine.start(code, *arguments, stdin=subprocess.PIPE)
    until(lambda: listener.named("Work"), "the operation")
    return machine.finish(program)
