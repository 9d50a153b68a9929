"""Progress of an operation of several stages, shown here and in every viewer of the machine.

    tracker = ProgressTracker("Installing PostgreSQL")
    await run_with_progress(tracker, install_postgresql)

rich and plyer are optional and are imported when they are first needed. `RICH_AVAILABLE`,
`PLYER_AVAILABLE`, `plyer_notification`, `Console` and `Progress` are read whenever they are
used: assigning `progress_tracker.RICH_AVAILABLE = False` switches to plain text.
"""

from __future__ import annotations

from progress_tracker.stage import ProgressStage, StageStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from progress_tracker.live import RichProgressTracker
    from progress_tracker.running import run_with_progress
    from progress_tracker.tracker import ProgressTracker

    RICH_AVAILABLE: bool
    PLYER_AVAILABLE: bool
    plyer_notification: Any
    Console: Any
    Progress: Any

__all__ = [
    "ProgressStage",
    "ProgressTracker",
    "RichProgressTracker",
    "StageStatus",
    "run_with_progress",
]

_HOMES = {
    "ProgressTracker": "progress_tracker.tracker",
    "RichProgressTracker": "progress_tracker.live",
    "run_with_progress": "progress_tracker.running",
    "Console": "rich.console",
    "Progress": "rich.progress",
}
# The original module had imported these, and tests of programs patch them there.
_MODULES = ("asyncio", "signal", "sys", "time")


def __getattr__(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415

    value: Any
    if name in ("Console", "Progress"):
        try:
            value = getattr(import_module(_HOMES[name]), name)
        except ImportError:
            value = None
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(name)
    elif name == "RICH_AVAILABLE":
        value = _attribute("Console") is not None
    elif name == "PLYER_AVAILABLE":
        value = _attribute("plyer_notification") is not None
    elif name == "plyer_notification":
        value = _notification()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def _attribute(name: str) -> Any:
    """Return what a name of this module stands for now: an assigned value comes first."""
    return globals()[name] if name in globals() else __getattr__(name)


def _notification() -> Any:
    """Return the object that raises desktop notifications, or None without plyer."""
    from importlib import import_module  # noqa: PLC0415

    try:
        import_module("plyer")
        return import_module("progress_tracker.notification").Desktop()
    except Exception as error:
        from headway.async_exceptions import reraise_async  # noqa: PLC0415 - as above

        reraise_async(error)
        return None
