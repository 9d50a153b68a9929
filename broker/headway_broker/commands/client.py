"""A client for commands: one request to a running broker, and its reply."""

from __future__ import annotations

import os
import time
from typing import Any, Mapping

import zmq

from headway import __version__
from headway.protocol import endpoint, messages, retirement
from headway.protocol.limits import FRAME_LIMIT
from headway.protocol.wire import Malformed, decode, encode
from headway_broker.shell.single_instance import answers


class NoBroker(Exception):
    """Raised if no broker is running; the text is for a person."""


def socket_of(environ: Mapping[str, str], user: int) -> str:
    """Return the path of the socket on which the broker of `user` listens.

    Raise `NoBroker`, and `NoRuntimeDirectory` where none can be met.
    """
    path = endpoint.named_socket(environ)
    if path is None:
        directory = endpoint.runtime_directory(environ, user, make=False)
        path = os.path.join(directory, endpoint.REPORT)
    if not answers(path):
        raise NoBroker("no broker is running")
    return path


def ask(path: str, verb: str, arguments: dict[str, Any], timeout: float = 5.0) -> messages.Reply:
    """Send a request to the broker at `path` and return its reply; raise `NoBroker` without one."""
    context = zmq.Context()
    sock = context.socket(zmq.DEALER)
    try:
        sock.setsockopt(zmq.LINGER, 0)
        sock.setsockopt(zmq.MAXMSGSIZE, FRAME_LIMIT)
        sock.connect("ipc://" + path)
        now = time.monotonic()
        about = {"pid": os.getpid(), "sdk": __version__}
        session = os.urandom(8).hex()

        def greet(major: int) -> None:
            head = (messages.MAGIC, major, messages.MINOR)
            sock.send(encode(messages.Hello(*head, session, "viewer", now, about)))
            sock.send(encode(messages.Request(1, verb, arguments)))

        greet(messages.MAJOR)
        older: int | None = None
        until = now + timeout
        while True:
            left = until - time.monotonic()
            if left <= 0 or not sock.poll(int(left * 1000) + 1):
                raise NoBroker(f"the broker does not answer (waited {timeout:.0f} s)")
            try:
                message = decode(sock.recv(), messages.OUTBOUND)
            except Malformed:
                continue
            if isinstance(message, messages.Refuse):
                if older is None and verb == "stop":
                    older = retirement.older_major(message)
                    if older is not None:
                        greet(older)  # to be asked to stop is in every version
                        continue
                raise NoBroker(_refusal(message))
            if isinstance(message, messages.Reply) and message.request == 1:
                return message
    finally:
        context.destroy(linger=0)


def _refusal(message: messages.Refuse) -> str:
    if message.reason == "version":
        return f"the broker refuses this command: {retirement.mismatch(message)}"
    return f"the broker refuses: {message.reason} {message.details}"
