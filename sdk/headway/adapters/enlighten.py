"""`from headway.adapters.enlighten import get_manager`: enlighten's, reported to Headway.

Managers and counters are enlighten's own; each counter is a stage as well. On the terminal that
Headway's viewer draws on, enlighten does not draw. A counter that is closed before its total has
stopped there.
"""

from __future__ import annotations

import sys
from importlib import import_module

from headway.adapters.drawing import is_drawn_by_headway
from headway.api.track import open_stage, run_again
from headway.plain_values import clean_text
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.api.stage import Stage

__all__ = ["Manager", "get_manager"]

enlighten: Any = import_module("enlighten")


class Counter(import_module("enlighten._counter").Counter):  # type: ignore[misc]
    """A counter that is a stage; parameters are enlighten's."""

    def __init__(self, **options: Any) -> None:
        self._stage: Stage | None = None
        super().__init__(**options)
        if not reporter().off:
            unit = None if self.unit is None else clean_text(self.unit)
            name = clean_text(self.desc or "").strip() or None
            self._stage = open_stage(name, unit, None, self.total, self.count, bool(self.leave))

    def update(self, *arguments: Any, **options: Any) -> None:
        """Add to the count."""
        super().update(*arguments, **options)
        self._tell()

    def reset(self) -> None:
        """Start again from where it began."""
        super().reset()
        stage = self._stage
        if stage is not None:
            self._stage = stage if stage.open else run_again(stage)
            self._tell()

    def _tell(self) -> None:
        if self._stage is not None:
            self._stage.update(done=self.count, total=self.total)

    def close(self, *arguments: Any, **options: Any) -> None:
        """Close the counter, and end the stage."""
        self._tell()
        super().close(*arguments, **options)
        if self._stage is not None and self._stage.open:
            self._stage._stop()


class Manager(enlighten.Manager):  # type: ignore[misc]
    """A manager whose counters are reported; parameters are enlighten's."""

    def __init__(self, stream: Any = None, counter_class: Any = Counter, **options: Any) -> None:
        if is_drawn_by_headway(sys.__stdout__ if stream is None else stream):
            options["enabled"] = False
        super().__init__(stream=stream, counter_class=counter_class, **options)


def get_manager(stream: Any = None, counter_class: Any = Counter, **options: Any) -> Manager:
    """Return a manager, enabled where the stream is a terminal; parameters are enlighten's."""
    drawn: Any = sys.__stdout__ if stream is None else stream
    terminal = hasattr(drawn, "isatty") and drawn.isatty()
    options["enabled"] = terminal and options.get("enabled", True)
    return Manager(stream, counter_class, **options)
