"""The socket on which a command tells what it would tell systemd (sd_notify), and its thread.

It lies in the user's private runtime directory, under a name that nobody guesses. A program waits
where nobody reads such a socket, so a thread does nothing else.
"""

from __future__ import annotations

import os
import socket
import threading

from headway.host.random_id import random_id
from headway.protocol import endpoint
from headway.run.reading.service_status import as_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.streams.samples import Samples

VARIABLE = "NOTIFY_SOCKET"
DATAGRAM_BYTES = 1 << 16  # of one that is read; the rest of a longer one is dropped
LAST_SECONDS = 0.5  # for what is left to be read when the command has ended


class NotifySocket:
    """Listens for one command. Raise OSError where it cannot."""

    def __init__(self) -> None:
        folder = endpoint.runtime_directory(os.environ, endpoint.user_of(os.environ, os.getuid()))
        self.path = os.path.join(folder, f"notify-{random_id(8)}.sock")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._thread: threading.Thread | None = None
        self._over = False
        try:
            self._socket.bind(self.path)
            os.chmod(self.path, 0o600)
        except OSError:
            self.close()
            raise

    @property
    def environ(self) -> dict[str, str]:
        """Return what is added to the command's environment."""
        return {VARIABLE: self.path}

    def relay(self, samples: Samples) -> None:
        """Put what comes, as output, into `samples`. Raise RuntimeError without a thread."""
        self._thread = threading.Thread(
            target=self._run, args=(samples,), name="headway-notify", daemon=True
        )
        self._thread.start()

    def finish(self) -> None:
        """Take in what has been sent, and listen no more."""
        self._over = True
        if self._thread is not None:
            try:
                self._socket.shutdown(socket.SHUT_RD)  # the thread reads what is there, then ends
            except OSError:
                pass
            self._thread.join(LAST_SECONDS)
        self.close()

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()
        try:
            os.unlink(self.path)
        except OSError:
            pass

    def _run(self, samples: Samples) -> None:
        while True:
            try:
                # A descriptor in it, by which `systemd-notify` learns that it was read, is closed.
                data = self._socket.recv(DATAGRAM_BYTES)
            except OSError:
                return
            if not data and self._over:
                return
            found = as_output(data)
            if found:
                samples.put(memoryview(found))
