"""The HTTP server of `headway metrics`, on the loopback interface. Needs the extra `metrics`."""

from __future__ import annotations

import socket
import threading
from socketserver import ThreadingMixIn
from typing import Any, Callable, Iterable, Mapping
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

ADDRESS = "127.0.0.1"
PATHS = ("/", "/metrics")
CLOSE_SECONDS = 2.0
CLIENT_SECONDS = 10.0  # in which a client sends its request, and takes each part of the answer

Start = Callable[..., Any]


class MetricsServer:
    """Listens at once; serves from `start` on, until `close`. Raise OSError where it cannot."""

    def __init__(self, port: int, collector: Any) -> None:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(collector)
        self._serve = make_wsgi_app(registry)
        self._server = make_server(ADDRESS, port, self._respond, _Server, _Handler)
        self.port = self._server.server_port
        self._hosts = {f"{host}:{self.port}" for host in (ADDRESS, "localhost")}
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="headway-metrics", daemon=True)

    @property
    def url(self) -> str:
        """Return the URL of the metrics."""
        return f"http://{ADDRESS}:{self.port}/metrics"

    def start(self) -> None:
        """Serve, on a thread."""
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._closing = True
        if self._thread.is_alive():
            try:
                socket.create_connection((ADDRESS, self.port), CLOSE_SECONDS).close()
            except OSError:
                pass  # it serves somebody else just now, and ends after that
            self._thread.join(CLOSE_SECONDS)
        self._server.server_close()

    def _run(self) -> None:
        # `serve_forever` would wake twice a second while nobody asks, to see whether it is to end.
        while not self._closing:
            self._server.handle_request()

    def _respond(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        refused = self._refusal(environ)
        if refused is None:
            # The library knows no HEAD, and finds nothing where a query names some metrics.
            asked = {**environ, "REQUEST_METHOD": "GET", "QUERY_STRING": ""}
            told: list[Any] = []
            try:
                body = b"".join(self._serve(asked, lambda *answer: told.extend(answer)))
            except OSError:
                refused = "503 The metrics are not to be had: the command is stopped, or ends"
            else:
                status, headers = told
                start(status, [*headers, ("Content-Length", str(len(body)))])
                return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
        start(refused, [("Content-Type", "text/plain")])
        return [f"{refused[4:]}\n".encode()]

    def _refusal(self, environ: Mapping[str, Any]) -> str | None:
        # A page of somebody else reaches this machine under a name of its own (DNS rebinding).
        if environ.get("HTTP_HOST", "").lower() not in self._hosts:
            return "421 This is not the host that the request names"
        if environ.get("PATH_INFO") not in PATHS:
            return "404 The metrics are at /metrics"
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return "405 The metrics can be read only"
        return None


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that has gone."""


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Say nothing of requests."""
