"""`from headway.adapters.alive_progress import alive_bar, alive_it`: alive-progress's, reported.

The bars are alive-progress's own, and stages as well, named by their titles; a bar's text is its
stage's detail. On the terminal that Headway's viewer draws on, alive-progress does not draw. A bar
that ends before its total has stopped there, one whose block an exception left has failed. One that
is disabled is not reported.

Every other name of alive_progress can be imported from here, too.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import FunctionType

from headway.adapters.drawing import is_drawn_by_headway
from headway.api.scope import enter, leave
from headway.api.track import open_stage
from headway.plain_values import clean_text
from headway.reporting import exit_status, loop_exits
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generator

    from headway.api.stage import Stage

__all__ = ["alive_bar", "alive_it"]

alive_progress: Any = import_module("alive_progress")
_module: Any = import_module("alive_progress.core.progress")
_BEHIND = "__alive_bar"  # what `alive_bar` and `alive_it` make their bars by
# Under `headway patch` that reports to it; a bar is reported once.
_original: Any = getattr(_module, _BEHIND)
_original = getattr(_original, "headway_original", _original)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(alive_progress, name)


class _Handle:
    """The handle of a bar: what is counted and said by it is the stage's, too."""

    def __init__(self, handle: Any, stage: Stage, *, manual: bool) -> None:
        vars(self).update(_handle=handle, _stage=stage, _manual=manual)

    def __call__(self, *arguments: Any, **options: Any) -> None:
        self._handle(*arguments, **options)
        self._count()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._handle, name)
        if name != "text":
            return found

        def say(text: Any = None) -> None:
            found(text)
            self._say(text)

        return say

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._handle, name, value)
        if name == "text":
            self._say(value)

    def _say(self, text: Any) -> None:
        self._stage.update(detail="" if text is None else clean_text(text))

    def _count(self) -> None:
        current = self._handle.current
        self._stage.update(done=round(current * 100, 1) if self._manual else current)


@contextmanager
def _reported(config: Any, total: Any = None, **options: Any) -> Generator[Any, None, None]:
    """Yield a bar as the original does, which is reported."""
    if config.disable or reporter().off:
        with _original(config, total, **options) as handle:
            yield handle
        return
    file = getattr(config.file, "stream", None) or config.file or sys.stdout
    if is_drawn_by_headway(file):
        config = config._replace(disable=True)
    with _original(config, total, **options) as handle:
        whole = total if total is not None and total > 0 else None
        manual = bool(config.manual and whole is None)
        unit = "%" if manual else clean_text(getattr(config, "unit", "") or "").strip() or None
        name = clean_text(config.title or "").strip() or None
        stage = open_stage(name, unit, None, 100 if manual else whole)
        enter(stage)
        try:
            yield _Handle(handle, stage, manual=manual)
        except GeneratorExit:
            stage._left_at = loop_exits.closing(sys._getframe().f_back)
            exit_status.look_for_passing()
            leave(stage)
            stage._leave()
            raise
        except BaseException as error:
            stage.__exit__(type(error), error, error.__traceback__)
            raise
        leave(stage)
        if stage.open:
            stage._stop()


def _with_ours(function: Any) -> Any:
    """Return a function of alive-progress that makes bars which are reported."""
    names = {**vars(_module), _BEHIND: _reported}
    made = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__doc__ = function.__doc__
    return made


alive_bar = _with_ours(_module.alive_bar)
alive_it = _with_ours(_module.alive_it)
