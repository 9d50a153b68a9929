"""tqdm's bar, reported: the class that takes the place of `tqdm.std.tqdm`.

It counts and displays as its parent does. Whenever that would display, the count is reported; on
the terminal that Headway draws on, it displays nothing. A subclass that displays in its own way
(a notebook, rich, a chat) goes on to do so.
"""

from __future__ import annotations

import sys
from time import monotonic
from weakref import ref

from headway_patch.async_exceptions import reraise_async
from headway_patch.counting import Feed, watch
from headway_patch.hook import require, warn
from headway_patch.lines import Bar, is_drawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Iterator

_FILE = 4  # the place of `file` among the parameters of tqdm
INTERVAL = 0.05  # seconds between two reports of a count: twenty a second are seen


def replace(module: ModuleType) -> None:
    """Put a class that reports in the place of `module.tqdm`."""
    module.tqdm = reporting(module.tqdm)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def reporting(original: Any) -> Any:
    """Return the subclass of tqdm's class `original` that reports."""
    require(original, "refresh", "display", "clear", "moveto", "reset", "close")

    class tqdm(original):  # type: ignore[misc]  # noqa: N801 - the name that programs know
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self._headway: Bar | None = None
            self._headway_silent = False
            self._headway_at = 0.0
            self._headway_name = ""
            self._headway_count: Callable[[], float] | None = None  # of a loop that goes on
            kind = type(self)
            if kind.__module__.startswith("headway."):  # an adapter: it reports by itself
                super().__init__(*arguments, **options)
                return
            file = arguments[_FILE] if len(arguments) > _FILE else options.get("file")
            own = kind.display is tqdm.display
            self._headway_silent = own and is_drawn(sys.stderr if file is None else file)
            super().__init__(*arguments, **options)
            if self.disable:
                self._headway_silent = False
                return
            try:
                unit = None if self.unit == "it" else str(self.unit).strip()
                self._headway_name = _described(self.desc)
                bar = self._headway = Bar(self._headway_name, self.total, unit)
                self_ref = ref(self)  # a bar that is dropped ends by that
                bar.look = lambda: getattr(self_ref(), "_headway_told", bool)()  # noqa: PLW0108 - it may be gone
                bar.lags = True
                if getattr(self, "monitor_interval", 0):  # else it starts no thread either
                    watch(bar.connection)
            except Exception as error:
                reraise_async(error)
                self._headway_silent = False
                warn(kind.__name__, f"{type(error).__name__}: {error}")
            self._headway_told()

        def __iter__(self) -> Iterator[Any]:
            items = super().__iter__()
            return items if self._headway is None else self._headway_iterated(items)

        def _headway_iterated(self, items: Iterator[Any]) -> Iterator[Any]:
            """Yield `items`; the bars that their loop makes are part of this one."""
            bar: Any = self._headway
            whole = self.iterable

            def begin(position: Callable[[], int]) -> None:
                before = self.n
                self.iterable = whole
                self._headway_count = lambda: before + position()

            bar.enter()
            self.iterable = Feed(whole, begin)  # until tqdm's loop asks for its items
            try:
                yield from items
            finally:
                self.iterable, self._headway_count = whole, None
                bar.leave()

        def refresh(self, *arguments: Any, **options: Any) -> Any:
            bar = self.__dict__.get("_headway")
            if bar is not None and monotonic() - self._headway_at >= INTERVAL:
                self._headway_told()
            return super().refresh(*arguments, **options)

        def display(self, *arguments: Any, **options: Any) -> Any:
            return True if self._headway_silent else super().display(*arguments, **options)

        def clear(self, *arguments: Any, **options: Any) -> Any:
            return None if self._headway_silent else super().clear(*arguments, **options)

        def moveto(self, *arguments: Any, **options: Any) -> Any:
            return None if self._headway_silent else super().moveto(*arguments, **options)

        def reset(self, total: Any = None) -> Any:
            bar = self.__dict__.get("_headway")
            if bar is not None:
                bar.restart(self.total if total is None else total)
                if getattr(self, "monitor_interval", 0):
                    watch(bar.connection)
            return super().reset(total)

        def close(self) -> Any:
            bar = self.__dict__.get("_headway")
            if bar is not None and bar.open and not self.disable:
                self._headway_told(last=True)
                bar.close()
            if self.__dict__.get("_headway_silent"):
                self.sp = None  # nothing was written, and nothing is to be cleared
            return super().close()

        def __exit__(self, kind: object, error: Any, traceback: object) -> Any:  # noqa: PYI036 - or any
            bar = self.__dict__.get("_headway")
            if error is not None and bar is not None:
                self._headway_told(last=True)
                bar.end_by(error)
            return super().__exit__(kind, error, traceback)

        def _headway_told(self, *, last: bool = False) -> None:
            bar = self._headway
            if bar is None:
                return
            try:
                self._headway_at = monotonic()
                described = _described(self.desc)
                said = ("" if described == self._headway_name else described, self.postfix)
                detail = ", ".join(text for text in said if isinstance(text, str) and text)
                done = self.n  # in a loop tqdm's own count is not in there yet
                if self._headway_count is not None:
                    done = max(done, self._headway_count())
                bar.move(done, self.total, detail, last=last)
            except Exception as error:
                reraise_async(error)  # a total or a count of a type of the program's own

    # It is pickled by name, and printed, as the class whose place it takes.
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(tqdm, name, getattr(original, name))
    return tqdm


def _described(desc: object) -> str:
    """Return a description without the colon that tqdm puts after it."""
    text = str(desc or "")
    return text[:-2] if text.endswith(": ") else text
