"""alive-progress's bars, reported: what takes the place of the generator behind all of them."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager

from headway_patch.lines import Bar, is_drawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Generator

INTERVAL = 0.1  # seconds between two looks at the count
_BEHIND = "__alive_bar"  # what `alive_bar` and `alive_it` return


def replace(module: ModuleType) -> None:
    """Put a context manager that reports in the place of the one behind `alive_bar`."""
    setattr(module, _BEHIND, reporting(getattr(module, _BEHIND)))


def reporting(original: Any) -> Any:
    """Return a context manager as `original` is, which reports as well."""

    @contextmanager
    def alive_bar(config: Any, total: Any = None, **options: Any) -> Generator[Any, None, None]:
        if config.disable:
            with original(config, total, **options) as handle:
                yield handle
            return
        file = getattr(config.file, "stream", None) or config.file or sys.stdout
        if is_drawn(file):
            config = config._replace(disable=True)
        with original(config, total, **options) as handle:
            unit = (getattr(config, "unit", "") or "").strip() or None
            bar = Bar(config.title, *((None, "%") if config.manual else (total, unit)))
            over = threading.Event()

            def look(*, last: bool = False) -> None:
                current = handle.current
                if config.manual:
                    bar.move(round(current * 100, 1), 100, "", last=last)
                else:
                    bar.move(current, total, "", last=last)

            def watch() -> None:
                while not over.wait(INTERVAL):
                    look()

            bar.look = look
            thread = threading.Thread(target=watch, name="headway-patch", daemon=True)
            thread.start()
            bar.enter()
            try:
                yield handle
            except BaseException as error:
                over.set()
                look(last=True)
                bar.end_by(error)
                raise
            else:
                over.set()
                look(last=True)
                whole = 1.0 if config.manual else total
                bar.end("stop" if whole and handle.current < whole else "complete")
            finally:
                bar.leave()

    alive_bar.headway_original = original  # type: ignore[attr-defined]  # for the adapter
    return alive_bar
