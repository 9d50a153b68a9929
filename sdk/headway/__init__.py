"""Report the progress of a program to the one broker of its user."""

from __future__ import annotations

from headway.errors import Cancelled, IllegalMove, UnknownStage
from headway.opening import current, operation
from headway.operations import Operation
from headway.stages import Stage
from headway.track import track

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
