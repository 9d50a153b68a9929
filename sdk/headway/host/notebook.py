"""The Jupyter kernel that this process is, if it is one: its notebook, its cells, what they show.

Nothing is imported: IPython is looked for where the program has loaded it. What is shown is a
display with an id, which later messages replace wherever a page has it; no widget is needed.
"""

from __future__ import annotations

import os
import sys

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

_LAUNCHER = "ipykernel_launcher.py"  # the script of a kernel, and of the processes it spawns
_EXTENSION = ".ipynb"
UNNAMED = "notebook"


def shell() -> Any:
    """Return the IPython shell of the kernel that this process is, or None."""
    ipython: Any = sys.modules.get("IPython")
    if ipython is None:
        return None
    try:
        found = ipython.get_ipython()
        kernel = getattr(found, "kernel", None)
        if kernel is None or not hasattr(found, "display_pub"):
            return None
        # A forked child has a copy of the kernel, whose sockets are its parent's.
        pid = getattr(getattr(kernel, "session", None), "pid", None)
        return found if pid in (None, os.getpid()) else None
    except Exception as error:
        reraise_async(error)
        return None


def name() -> str | None:
    """Return the notebook's file name, or "notebook"; None where this is no process of a kernel."""
    found = shell()
    argv = getattr(sys, "argv", None)
    launched = bool(argv) and os.path.basename(str(argv[0])) == _LAUNCHER
    if found is None and not launched:
        return None
    variables: Any = getattr(found, "user_ns", None) or {}
    for path in (os.environ.get("JPY_SESSION_NAME"), variables.get("__vsc_ipynb_file__")):
        if isinstance(path, str) and path.endswith(_EXTENSION):
            return os.path.basename(path)
    return UNNAMED


def cell() -> Any:
    """Return what tells the cell that is running from others, for `show`; None if unknown."""
    header = getattr(getattr(shell(), "display_pub", None), "parent_header", None)
    return header or None


def show(key: str, data: Mapping[str, str], where: Any = None) -> bool:
    """Show `data` (MIME type → text) as a new display `key`; return whether it was taken.

    It belongs to the cell `where`, or else to the one that runs.
    """
    publisher = getattr(shell(), "display_pub", None)
    if publisher is None:
        return False
    transient = {"display_id": key}
    session, socket = (getattr(publisher, one, None) for one in ("session", "pub_socket"))
    if where and session is not None and socket is not None:
        content = {"data": dict(data), "metadata": {}, "transient": transient}
        topic = getattr(publisher, "topic", None)
        session.send(socket, "display_data", content, parent=where, ident=topic)
    else:
        publisher.publish(data=dict(data), metadata={}, transient=transient)
    return True


def replace(key: str, data: Mapping[str, str]) -> None:
    """Show `data` in place of what the display `key` shows, wherever that is."""
    publisher = getattr(shell(), "display_pub", None)
    if publisher is not None and hasattr(publisher, "session"):  # what `%%capture` keeps grows
        publisher.publish(data=dict(data), metadata={}, transient={"display_id": key}, update=True)
