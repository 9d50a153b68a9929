"""A package mirror on this machine, so that the examples download without a network."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import tempfile
import threading
from typing import Iterator


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the screen belongs to the example."""


@contextlib.contextmanager
def mirror(**sizes: int) -> Iterator[str]:
    """Serve files of random bytes, name → size; yields the address they are under."""
    with tempfile.TemporaryDirectory() as folder:
        for name, size in sizes.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(os.urandom(size))
        handler = functools.partial(_Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
