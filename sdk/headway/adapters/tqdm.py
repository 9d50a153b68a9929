"""`from headway.adapters.tqdm import tqdm, trange`: tqdm's interface, reported to Headway.

tqdm itself is not needed. Nothing is drawn by the program: what only concerns drawing
(`ncols`, `position`, `miniters`, …) is accepted and has no effect. `n` and `total` may be
read and set, `set_description` and `set_postfix` set the stage's detail. A bar that is
closed before its total has stopped there, one whose block an exception left has failed.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager

from headway.adapters import meter
from headway.api.iteration import End, iterate, length_of
from headway.api.outcome import outcome_of
from headway.api.stage import Source
from headway.api.track import open_stage, run_again
from headway.model import RUNNING, clean_count, clean_text
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, AsyncIterator, Awaitable, ClassVar, Generator, Iterable, Iterator

    from headway.api.stage import Stage

__all__ = ["tqdm", "trange"]


class tqdm:  # noqa: N801 - the name that programs know
    """One bar: an iterable that counts itself, or a counter to `update`."""

    _lock: ClassVar[Any] = None
    _instances: ClassVar[set[Any]] = set()  # notebooks clear it

    def __init__(
        self,
        iterable: Iterable[Any] | None = None,
        desc: str | None = None,
        total: float | None = None,
        leave: bool | None = True,
        file: Any = None,
        *drawing: Any,
        disable: bool | None = False,
        unit: str = "it",
        unit_scale: float | bool = False,
        initial: float = 0,
        postfix: Any = None,
        unit_divisor: float = 1000,
        **more: Any,
    ) -> None:
        del file, drawing
        self.iterable = iterable
        self.disable = bool(disable)
        self.unit = unit
        self.unit_scale = unit_scale
        self.unit_divisor = unit_divisor
        self.initial = initial
        self.leave = leave
        self.pos = more.get("position") or 0
        self.desc = "" if desc is None else clean_text(desc)
        self._postfix = ""
        self._stage: Stage | None = None
        if self.disable:
            self._n: float = initial
            self._total = total
            return
        self._total = total if total is not None else length_of(iterable)
        stage = open_stage(desc, None if unit == "it" else unit, None, self._total, initial or 0)
        self._stage = stage
        self._end = End(stage, Source())  # to be dropped without `close` is to stop early
        if postfix:
            self.set_postfix(postfix if isinstance(postfix, dict) else {"": postfix})

    # Counting.

    def __iter__(self) -> Iterator[Any]:
        """Iterate over what was given, counting."""
        if self.iterable is None:
            raise TypeError("this tqdm was made without an iterable")
        if self._stage is None:
            return iter(self.iterable)
        return iterate(self._run(), self.iterable, self._total)

    def _run(self) -> Stage:
        """Return its stage, running, again if it had ended; a loop ends it."""
        stage: Any = self._stage
        self._end.ended = True
        if not stage.open:
            stage = self._stage = run_again(stage)
        return stage  # type: ignore[no-any-return]

    def __aiter__(self) -> AsyncIterator[Any]:
        """Iterate with `async for`, over an asynchronous iterable or another one, counting."""
        items: Any = self.iterable
        if items is None:
            raise TypeError("this tqdm was made without an iterable")
        if not hasattr(type(items), "__aiter__"):
            items = _later(items)
        if self._stage is not None:
            items = iterate(self._run(), items, self._total)
        found: AsyncIterator[Any] = items.__aiter__()
        return found

    def __reversed__(self) -> Iterator[Any]:
        """Iterate from the last to the first, counting."""
        items: Iterator[Any] = reversed(self.iterable)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return items if self._stage is None else iterate(self._run(), items, self._total)

    def __contains__(self, item: Any) -> bool:
        """Return whether the iterable has the item; that counts nothing."""
        return self.iterable is not None and item in self.iterable

    @classmethod
    def as_completed(
        cls,
        fs: Iterable[Awaitable[Any]],
        *,
        timeout: float | None = None,
        total: float | None = None,
        **options: Any,
    ) -> Iterator[Awaitable[Any]]:
        """Return `asyncio.as_completed(fs)`, counted."""
        import asyncio  # noqa: PLC0415 - whoever has awaitables has it

        options.pop("loop", None)
        fs = list(fs)
        total = len(fs) if total is None else total
        return iter(cls(asyncio.as_completed(fs, timeout=timeout), total=total, **options))

    @classmethod
    async def gather(
        cls,
        *fs: Awaitable[Any],
        return_exceptions: bool = False,
        timeout: float | None = None,
        **options: Any,
    ) -> list[Any]:
        """Return `asyncio.gather(*fs)`, counted; within `timeout` seconds where that is given."""
        import asyncio  # noqa: PLC0415 - whoever has awaitables has it

        options.pop("loop", None)
        options.setdefault("total", len(fs))
        with cls(**options) as bar:

            async def count(one: Awaitable[Any]) -> Any:
                result = await one
                bar.update()
                return result

            gathered = asyncio.gather(*map(count, fs), return_exceptions=return_exceptions)
            return list(await asyncio.wait_for(gathered, timeout))

    @classmethod
    def pandas(cls, *arguments: Any, **options: Any) -> None:
        """Add `progress_apply` and its like to pandas, counted in a bar with these options."""
        from headway.adapters.pandas import register  # noqa: PLC0415 - pandas is needed

        register(lambda total: cls(None, *arguments, **{"total": total, **options}))

    def update(self, n: float | None = 1) -> None:
        """Add `n` to what is done."""
        if self._stage is not None:
            self._stage.advance(1 if n is None else n)
        else:
            self._n += 1 if n is None else n

    @property
    def n(self) -> float:
        """What is done so far."""
        stage = self._stage
        return self._n if stage is None else stage.done or stage.model.done

    @n.setter
    def n(self, value: float) -> None:
        if self._stage is None:
            self._n = value
        else:
            self._stage.update(done=value)

    @property
    def total(self) -> float | None:
        """The expected total, or None."""
        return self._total if self._stage is None else self._stage.total

    @total.setter
    def total(self, value: float | None) -> None:
        self._total = value
        if self._stage is not None and value is not None:
            self._stage.update(total=value)

    def reset(self, total: float | None = None) -> None:
        """Start again from zero, with another total where one is given."""
        if self._stage is None:
            self._n = 0
            return
        stage = self._run()
        self._end = End(stage, Source())
        stage.update(done=0, total=total)

    # What it is busy with.

    def set_description(self, desc: str | None = None, refresh: bool | None = True) -> None:
        """Set the description, which becomes the stage's detail."""
        del refresh
        self.desc = "" if desc is None else clean_text(desc)
        self._tell()

    set_description_str = set_description

    def set_postfix(self, ordered_dict: Any = None, refresh: bool = True, **values: Any) -> None:
        """Set the postfix from names and values."""
        pairs = {**dict(ordered_dict or {}), **values}
        shown = (_figure(value) for value in pairs.values())
        self.set_postfix_str(
            ", ".join(
                f"{name}={text.strip()}" if name else text for name, text in zip(pairs, shown)
            ),
            refresh,
        )

    def set_postfix_str(self, s: str = "", refresh: bool = True) -> None:
        """Set the postfix from a text."""
        del refresh
        self._postfix = clean_text(s)
        self._tell()

    @property
    def postfix(self) -> str:
        """The postfix as text."""
        return self._postfix

    def _tell(self) -> None:
        stage = self._stage
        if stage is not None:
            desc = "" if self.desc == stage.name else self.desc
            stage.update(detail=", ".join(text for text in (desc, self._postfix) if text))

    # Its end.

    def close(self) -> None:
        """End the bar: completed, or stopped before its total."""
        stage = self._stage
        if stage is None or not stage.open:
            return
        self._end.ended = True
        stage._stop()

    def __enter__(self) -> tqdm:  # noqa: PYI034 - Self is not in 3.8
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None and self._stage is not None and self._stage.open:
            self._end.ended = True
            state, reason, text = outcome_of(error, self._stage.operation.request)
            self._stage._end(state, reason, text)
        self.close()

    def __len__(self) -> int:
        total = self._total if self.iterable is None else length_of(self.iterable)
        return int(total or 0)

    def __bool__(self) -> bool:
        if self._total is not None:
            return self._total > 0
        return self.iterable is None or bool(self.iterable)

    # What draws, or did.

    def refresh(self, *_: Any, **__: Any) -> bool:
        """Do nothing: nothing is drawn here."""
        return True

    clear = display = unpause = moveto = refresh

    @property
    def format_dict(self) -> dict[str, Any]:
        """The values from which a bar is drawn."""
        stage = self._stage
        started = None if stage is None else stage.model.started
        elapsed = 0.0 if started is None else reporter().clock() - started
        running = stage is not None and stage.state == RUNNING
        rate = (self.n - self.initial) / elapsed if running and elapsed > 0 else None
        return {
            "n": self.n,
            "total": self.total,
            "elapsed": elapsed,
            "rate": rate,
            "prefix": self.desc,
            "postfix": self._postfix,
            "unit": self.unit,
            "unit_scale": self.unit_scale,
            "unit_divisor": self.unit_divisor,
            "initial": self.initial,
            "ncols": None,
            "nrows": None,
            "ascii": None,
            "bar_format": None,
            "colour": None,
        }

    format_sizeof = staticmethod(meter.format_sizeof)
    format_interval = staticmethod(meter.format_interval)
    format_num = staticmethod(meter.format_num)
    format_meter = staticmethod(meter.format_meter)

    def __str__(self) -> str:
        """Return the values in a line, for a log."""
        return meter.format_meter(**self.format_dict)

    @classmethod
    def write(cls, s: str, file: Any = None, end: str = "\n", nolock: bool = False) -> None:
        """Print a line; whatever draws keeps it whole."""
        del nolock
        (file or sys.stdout).write(s + end)

    @classmethod
    @contextmanager
    def external_write_mode(cls, *_: Any, **__: Any) -> Generator[None, None, None]:
        """Print inside the block as anywhere."""
        yield

    @classmethod
    @contextmanager
    def wrapattr(
        cls,
        stream: Any,
        method: str,
        total: float | None = None,
        bytes: bool = True,  # noqa: A002 - tqdm's word
        **options: Any,
    ) -> Generator[Any, None, None]:
        """Count what `stream.read` or `stream.write` (`method`) moves inside the block."""
        with cls(total=total, unit="B" if bytes else "it", **options) as bar:
            yield _Counted(stream, method, bar)

    # Nothing is drawn here that a lock would be needed for; programs hand it on all the same.

    @classmethod
    def set_lock(cls, lock: Any) -> None:
        """Keep the lock for `get_lock`."""
        cls._lock = lock

    @classmethod
    def get_lock(cls) -> Any:
        """Return the lock that was set, or a new one."""
        if cls._lock is None:
            cls._lock = threading.RLock()
        return cls._lock


def _figure(value: Any) -> str:
    """Return a figure of a postfix as text: numpy's floats are short, too."""
    count = clean_count(value) if isinstance(value, float) else None
    return clean_text(value) if count is None else f"{count:.3g}"


async def _later(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


class _Counted:
    """A stream with one method counted by the bytes that it moves."""

    def __init__(self, stream: Any, method: str, bar: tqdm) -> None:
        self._stream = stream
        self._method = method
        self._bar = bar

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._stream, name)
        if name != self._method:
            return found

        def counted(*arguments: Any, **options: Any) -> Any:
            result = found(*arguments, **options)
            moved = result if name == "read" else arguments[0]
            self._bar.update(len(moved))
            return result

        return counted

    def __iter__(self) -> Iterator[Any]:
        return iter(self._stream)


def trange(*arguments: int, **options: Any) -> tqdm:
    """Return `tqdm(range(…), …)`."""
    return tqdm(range(*arguments), **options)
