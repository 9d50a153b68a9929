"""Whether Headway's viewer draws where a library would: one of the two does."""

from __future__ import annotations

import os

from headway.host import identity, interpreter
from headway.reporting.reporter import reporter
from headway.reporting.terminal_viewer import viewer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_drawn_by_headway(file: Any) -> bool:
    """Whether `file` is the terminal on which Headway's viewer draws, or is told to be quiet."""
    own = reporter()
    terminal = identity.terminal()
    if own.off or terminal is None:
        return False
    try:
        if os.ttyname(file.fileno()) != terminal:
            return False
    except (OSError, ValueError, AttributeError, TypeError):  # no terminal, or no real file
        return False
    display = os.environ.get("HEADWAY_DISPLAY") or None
    if display == "quiet":
        return True
    return (
        viewer_of([display], own.session) is not None and interpreter.find(os.environ) is not None
    )
