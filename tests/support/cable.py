"""A network between two ends on one machine: a TCP proxy that delays, cuts, drops and records."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time


class Cable:
    """Forwards what connects to `port` to `target`; each end at its own pace.

    While `cut` nothing passes and nobody is told, as with a cable that was pulled: the ends find
    out by themselves. `drop` resets every connection. `sent` is what the ends that connect sent.
    """

    def __init__(self, target, delay=0.0):
        self.target = target
        self.delay = delay
        self.cut = False
        self.sent = b""
        self._closing = False
        self._waiting = []  # when, to whom, what
        self._other = {}
        self._clients = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def drop(self):
        """Reset all connections that there are."""
        for sock in list(self._other):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._closing = True
        self._thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self):
        while not self._closing:
            readable = [self._listener, *self._other]
            for sock in select.select(readable, [], [], 0.01)[0]:
                if sock is self._listener:
                    self._accept()
                elif sock in self._other:
                    self._read(sock)
            self._pass_on()
        for sock in [self._listener, *self._other]:
            sock.close()

    def _accept(self):
        client, _ = self._listener.accept()
        if self.cut:
            # A SYN that gets no answer: it is accepted, and hears nothing.
            self._other[client] = None
            return
        try:
            server = socket.create_connection(self.target)
        except OSError:
            client.close()
            return
        self._clients.add(client)
        self._other[client], self._other[server] = server, client

    def _read(self, sock):
        try:
            data = sock.recv(1 << 16)
        except OSError:
            data = b""
        if sock in self._clients:
            self.sent += data
        if not self.cut:
            self._waiting.append((time.monotonic() + self.delay, self._other[sock], data))
        if not data:
            self._forget(sock, closes=not self.cut)

    def _forget(self, sock, *, closes):
        other = self._other.pop(sock)
        self._clients.discard(sock)
        sock.close()
        if other is None or other not in self._other:
            return
        if closes:
            self._waiting.append((time.monotonic() + self.delay, other, b""))
        else:
            self._other[other] = None  # it is not told

    def _pass_on(self):
        now = time.monotonic()
        due = [item for item in self._waiting if item[0] <= now]
        self._waiting = [item for item in self._waiting if item[0] > now]
        for _, sock, data in due:
            if sock is None or sock not in self._other or self.cut:
                continue
            try:
                if data:
                    sock.sendall(data)
                else:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
