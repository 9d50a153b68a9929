"""The tracker that redraws itself inside `live_progress()`."""

from __future__ import annotations

import threading

from headway.async_exceptions import reraise_async
from progress_tracker.optional import present
from progress_tracker.painter import FRAME_INTERVAL
from progress_tracker.tracker import ProgressTracker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

REFRESH_INTERVAL = 1.0  # seconds between two frames while nothing changes but the clocks


class RichProgressTracker(ProgressTracker):
    """A `ProgressTracker` with `live_progress()`; raises ImportError without rich.

    `progress_obj` is a rich `Progress` with one task a stage inside `live_progress()`, for
    code that reads it, and None outside; the tracker does the drawing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not present("RICH_AVAILABLE"):
            raise ImportError(
                "RichProgressTracker needs the rich library. Install it with: pip install rich"
            )
        super().__init__(*args, **kwargs)
        self.progress_obj: Any = None
        self._live: LiveProgress | None = None

    def live_progress(self) -> LiveProgress:
        """Return a block, for `async with` or `with`, in which the tracker is redrawn by itself."""
        return LiveProgress(self)

    def display_progress(self) -> None:
        """Draw it; inside `live_progress()` that happens by itself."""
        if self._live is None:
            super().display_progress()
        else:
            self._touched()

    def _touched(self) -> None:
        if self._live is not None:
            self._live.changed.set()


class LiveProgress:
    """Redraws the tracker from a thread: soon after a change, and once a second."""

    def __init__(self, tracker: RichProgressTracker) -> None:
        self.changed = threading.Event()
        self._tracker = tracker
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress-live", daemon=True)

    def __enter__(self) -> RichProgressTracker:
        tracker = self._tracker
        with tracker._lock:
            if tracker._began is None and tracker._outcome is None:
                tracker._begin()
            tracker.progress_obj = present("Progress")(console=tracker.console, auto_refresh=False)
            tracker._live = self
        self._mirror()
        tracker._painter.draw()
        self._thread.start()
        return tracker

    def __exit__(self, *_how: object) -> None:
        tracker = self._tracker
        tracker._live = None
        self._over.set()
        self.changed.set()
        self._thread.join(REFRESH_INTERVAL)
        tracker.progress_obj = None
        if tracker.end_time is None:
            tracker._painter.leave()

    async def __aenter__(self) -> RichProgressTracker:
        return self.__enter__()

    async def __aexit__(self, *how: object) -> None:
        self.__exit__(*how)

    def _run(self) -> None:
        while not self._over.is_set():
            self.changed.wait(REFRESH_INTERVAL)
            self.changed.clear()
            if self._over.is_set():
                return
            try:
                self._mirror()
                self._tracker._painter.draw()
            except Exception as error:  # a picture that cannot be drawn harms nothing
                reraise_async(error)
            self._over.wait(FRAME_INTERVAL)

    def _mirror(self) -> None:
        tracker = self._tracker
        with tracker._lock:
            tracker._report.tell(tracker.stages)
            progress = tracker.progress_obj
            known = getattr(progress, "task_ids", None)
            if not isinstance(known, list):
                return
            for index, stage in enumerate(tracker.stages):
                if index == len(known):
                    known.append(progress.add_task("", total=100))
                name = stage.name.replace("[", "\\[")
                progress.update(known[index], description=name, completed=stage.progress * 100)
