"""A connection to the session bus: calls with a time limit, and signals.

Shell. Everything blocks, for `ANSWER_TIMEOUT` seconds at most: call it on a thread of its own.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any, Mapping

from headway_viewer.notify.dbus import marshalling

ANSWER_TIMEOUT = 5.0  # seconds for the bus or a service to answer
_BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class BusError(OSError):
    """The bus cannot be reached, or it or a service answers with an error; the text says which."""


class BusGone(BusError):
    """The connection to the bus is closed: the bus has ended, or was restarted."""


def address(environ: Mapping[str, str]) -> str | None:
    """Return the path of the bus's socket, with a leading NUL for an abstract one; None: none."""
    default = f"unix:path=/run/user/{os.getuid()}/bus"
    for one in environ.get("DBUS_SESSION_BUS_ADDRESS", default).split(";"):
        transport, _, rest = one.partition(":")
        pairs: dict[str, str] = {}
        for pair in rest.split(","):
            name, _, value = pair.partition("=")
            pairs[name] = value
        if transport == "unix" and pairs.get("path"):
            return pairs["path"]
        if transport == "unix" and pairs.get("abstract"):
            return "\0" + pairs["abstract"]
    return None


class Connection:
    """A connection to the bus at `path`. Raises `BusError`."""

    def __init__(self, path: str) -> None:
        self._serial = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_TIMEOUT)
        self._received = b""
        try:
            self._socket.connect(path)
            self._authenticate()
            self.call(*_BUS, "Hello")
        except BusError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise BusError(f"the session bus cannot be reached: {error}") from None

    def call(
        self,
        destination: str,
        path: str,
        interface: str,
        member: str,
        *body: Any,
        signature: str = "",
    ) -> list[Any]:
        """Call a method; return the values of the answer."""
        serial = self._next()
        until = time.monotonic() + ANSWER_TIMEOUT
        message = marshalling.call(
            serial, destination, path, interface, member, *body, signature=signature
        )
        try:
            self._socket.sendall(message)
            while True:
                answer = self._read(until)
                if answer.reply_serial == serial:
                    break
        except socket.timeout:
            raise BusError("the notification service does not answer") from None
        except marshalling.Unreadable as error:
            raise BusError(f"the bus says what cannot be read: {error}") from None
        except BusError:
            raise
        except OSError as error:
            raise BusGone(f"the session bus is gone: {error}") from None
        if answer.kind == marshalling.ERROR:
            said = answer.body[0] if answer.body and isinstance(answer.body[0], str) else ""
            raise BusError(said or answer.error or "an error")
        return answer.body

    def owned(self, name: str) -> bool:
        """Return whether a service of that name is on the bus."""
        return bool(self.call(*_BUS, "NameHasOwner", name, signature="s")[0])

    def signal(self, path: str, interface: str, member: str, *body: Any, signature: str) -> None:
        """Send a signal to whoever wants it."""
        message = marshalling.call(
            self._next(), "", path, interface, member, *body, signature=signature,
            kind=marshalling.SIGNAL,
        )  # fmt: skip
        try:
            self._socket.sendall(message)
        except OSError as error:
            raise BusGone(f"the session bus is gone: {error}") from None

    def close(self) -> None:
        """Leave the bus."""
        self._socket.close()

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _authenticate(self) -> None:
        uid = str(os.getuid()).encode().hex()
        self._socket.sendall(f"\0AUTH EXTERNAL {uid}\r\n".encode())
        while b"\r\n" not in self._received:
            self._receive(time.monotonic() + ANSWER_TIMEOUT)
        line, _, self._received = self._received.partition(b"\r\n")
        if not line.startswith(b"OK "):
            raise BusError("the session bus does not admit this user")
        self._socket.sendall(b"BEGIN\r\n")

    def _read(self, until: float) -> marshalling.Message:
        while len(self._received) < 16:
            self._receive(until)
        whole = marshalling.size(self._received[:16])
        while len(self._received) < whole:
            self._receive(until)
        data, self._received = self._received[:whole], self._received[whole:]
        return marshalling.parse(data)

    def _receive(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise socket.timeout
        self._socket.settimeout(left)
        data = self._socket.recv(65536)
        if not data:
            raise BusGone("the session bus has closed the connection")
        self._received += data
