"""Whether Headway's viewer draws where a library would: one of the two does."""

from __future__ import annotations

import os
import sys

from headway.async_exceptions import reraise_async
from headway.host import identity, notebook, server_process
from headway.host.launch import interpreter
from headway.reporting.reporter import reporter
from headway.reporting.viewers.terminal_viewer import viewer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.reporting.reporter import Reporter


def is_drawn_by_headway(file: Any) -> bool:
    """Return whether Headway's viewer draws where `file` goes (terminal or cell), or is quiet."""
    own = reporter()
    if notebook.shell() is not None:
        return _is_drawn_in_cells(own, file)
    terminal = identity.terminal()
    if own.off or terminal is None:
        return False
    try:
        if os.ttyname(file.fileno()) != terminal:
            return False
    except (OSError, ValueError, AttributeError, TypeError) as error:  # no terminal, no real file
        reraise_async(error)
        return False
    display = os.environ.get("HEADWAY_DISPLAY") or None
    if display == "quiet" or server_process.is_serving():
        return True
    return (
        viewer_of([display], own.session) is not None and interpreter.find(os.environ) is not None
    )


def _is_drawn_in_cells(own: Reporter, file: Any) -> bool:
    """Return whether `file` is a stream that a notebook shows, and pictures are shown there."""
    display = os.environ.get("HEADWAY_DISPLAY") or "auto"
    if own.off or display not in ("auto", "live", "quiet"):
        return False
    shown = file is sys.stderr or file is sys.stdout
    return shown and (display == "quiet" or interpreter.find(os.environ) is not None)
