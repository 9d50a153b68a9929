"""`from headway.adapters.click import progressbar`: click's, reported to Headway.

The bar is click's own, and a stage as well, named by its label; what `item_show_func` says is the
stage's detail. On the terminal that Headway's viewer draws on, click does not draw. One that ends
before its length has stopped there, one whose block an exception left has failed. A hidden bar is
not reported.
"""

from __future__ import annotations

from importlib import import_module

from headway.adapters.drawing import is_drawn_by_headway
from headway.api.iteration import iterate
from headway.api.scope import leave
from headway.api.track import open_stage
from headway.plain_values import clean_text
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Iterator

    from headway.api.stage import Stage

__all__ = ["progressbar"]

click: Any = import_module("click")
_Original: Any = type(click.progressbar(()))  # it has no public name


class _Bar(_Original):  # type: ignore[misc]
    _stage: Stage | None = None
    _silent = False  # Headway draws
    _looping = False  # an iterator counts for the stage

    def __enter__(self) -> Any:
        if not (reporter().off or getattr(self, "hidden", False)):
            self._silent = is_drawn_by_headway(self.file)
            self._stage = open_stage(
                clean_text(self.label).strip() or None, None, None, self.length
            )
        return super().__enter__()

    def __iter__(self) -> Iterator[Any]:
        if self._stage is not None and not self._looping and self.entered:
            self._looping = True
            self.iter = iter(iterate(self._stage, self.iter, self.length))
        return super().__iter__()  # type: ignore[no-any-return]

    def update(self, n_steps: int, *current_item: Any, **named: Any) -> None:
        super().update(n_steps, *current_item, **named)
        if self._stage is not None and not self._looping:
            self._stage.advance(n_steps)
            self._tell()

    def render_progress(self) -> None:
        if self._silent:
            self._tell()
        else:
            super().render_progress()

    def render_finish(self) -> None:
        if not self._silent:
            super().render_finish()

    def _tell(self) -> None:
        if self._stage is not None and self.item_show_func is not None:
            said = self.item_show_func(self.current_item)
            if said is not None:
                self._stage.update(detail=said)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        stage = self._stage
        if stage is not None and stage.open:
            if error is not None:
                stage.__exit__(kind, error, traceback)
            else:
                leave(stage)
                stage._stop()


def progressbar(*arguments: Any, **options: Any) -> Any:
    """Return `click.progressbar(…)`, reported; parameters are click's."""
    bar = click.progressbar(*arguments, **options)
    bar.__class__ = _Bar
    return bar
