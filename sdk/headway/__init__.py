"""Report the progress of a program to the one broker of its user."""

from __future__ import annotations

from headway.api.opening import current, operation
from headway.api.operation import Operation
from headway.api.stage import Stage
from headway.api.track import track
from headway.errors import Cancelled, IllegalMove, UnknownStage
from headway.reporting import exits, forks

__all__ = [
    "Cancelled",
    "IllegalMove",
    "Operation",
    "Stage",
    "UnknownStage",
    "current",
    "operation",
    "track",
]
__version__ = "0.1.0"

# At import: exit handlers run in reverse order, so what the program registers later runs first.
exits.register()
forks.register()
