"""Whether this process serves requests or tasks: its terminal has the server's log.

A request of a web server, or a task of a queue, is nothing that the person waits for who started
the server.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

# Modules that have a frame on the main thread's stack for as long as they serve.
SERVERS = frozenset(
    {
        "billiard.pool",  # celery's workers
        "celery.worker.worker",
        "daphne.server",
        "dramatiq.cli",
        "gunicorn.arbiter",
        "hypercorn.run",
        "rq.worker",
        "socketserver",
        "uvicorn.server",
        "waitress.server",
        "werkzeug.serving",
    }
)
_DEPTH = 500  # frames of the main thread's stack that are looked at


def is_serving() -> bool:
    """Return whether a server runs in the main thread."""
    if SERVERS.isdisjoint(sys.modules):
        return False
    main = threading.main_thread().ident
    frame: FrameType | None = sys._current_frames().get(main or 0)
    for _ in range(_DEPTH):
        if frame is None:
            return False
        if frame.f_globals.get("__name__") in SERVERS:
            return True
        frame = frame.f_back
    return False
