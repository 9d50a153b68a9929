"""Report the progress of a program to the one broker of its user."""

from __future__ import annotations

from headway.api.opening import current, operation
from headway.api.operation import Operation
from headway.api.stage import Stage
from headway.api.track import track
from headway.errors import Cancelled, IllegalMove, UnknownStage
from headway.reporting import exits, forks
from headway.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.api.executor import map  # noqa: A004 - what it does, as executors call it
    from headway.api.library import Library
    from headway.run.subprocess_run import run, run_async

__all__ = [
    "Cancelled",
    "IllegalMove",
    "Operation",
    "Stage",
    "UnknownStage",
    "current",
    "library",
    "map",
    "operation",
    "run",
    "run_async",
    "track",
]
__version__ = VERSION

# At import: exit handlers run in reverse order, so what the program registers later runs first.
exits.register()
forks.register()


def library(name: str) -> Library:
    """Return the progress of the library `name`, which reports where its application does."""
    from headway.api.library import Library  # noqa: PLC0415 - few programs have one

    return Library(name)


def __getattr__(name: str) -> Any:
    """Import what few programs need."""
    import importlib  # noqa: PLC0415 - see above

    if name == "run":
        return importlib.import_module("headway.run")
    if name == "run_async":
        return importlib.import_module("headway.run.subprocess_run").run_async
    if name == "map":
        return importlib.import_module("headway.api.executor").map
    raise AttributeError(f"module 'headway' has no attribute {name!r}")
