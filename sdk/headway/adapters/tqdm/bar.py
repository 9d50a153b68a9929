"""A bar of tqdm that is a stage as well."""

from __future__ import annotations

import sys
from itertools import chain

import tqdm.std as original

from headway.adapters.drawing import is_drawn_by_headway
from headway.api.counts.fold import Source
from headway.api.iteration import End, count_last, iterate
from headway.api.outcomes.outcome import outcome_of
from headway.api.track import open_stage, run_again
from headway.plain_values import clean_text
from headway.reporting.reporter import reporter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, AsyncIterator, Awaitable, Iterable, Iterator

    from headway.api.stage import Stage

_FILE = 4  # the place of `file` among the parameters of tqdm


class tqdm(original.tqdm):  # type: ignore[type-arg]  # noqa: N801 - the name that programs know
    """tqdm's own bar, of its own parameters; what it counts is reported.

    On the terminal that Headway's viewer draws on it does not draw; then the stage has the count.
    Elsewhere it draws as tqdm does, and counts itself. A bar that is disabled reports nothing.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._stage: Stage | None = None
        self._silent = False  # Headway draws
        self._looping = False  # an iterator counts for the stage
        self._dropped = False
        if not reporter().off:
            file = arguments[_FILE] if len(arguments) > _FILE else options.get("file")
            drawn = sys.stderr if file is None else file
            # A class that displays itself in its own way goes on to do so.
            own = type(self).display is tqdm.display
            self._silent = own and is_drawn_by_headway(drawn)
        super().__init__(*arguments, **options)
        if self.disable or reporter().off:
            self._silent = False
            return
        unit = None if self.unit == "it" else clean_text(self.unit)
        stays = not self.pos if self.leave is None else bool(self.leave)
        name = _words(self.desc) or None
        stage = open_stage(name, unit, None, self._total, self._n or 0, stays)
        self._end = End(stage, Source())  # to be dropped without `close` is to stop early
        self._stage = stage
        self._shorten()
        self._tell()

    # Counting.

    @property
    def n(self) -> float:
        """Return what is done so far."""
        stage = self._stage
        if stage is None or not self._silent:
            return self._n
        return stage.done or stage.model.done

    @n.setter
    def n(self, value: float) -> None:
        self._n: float = value
        if self._stage is not None and not self._looping:
            self._stage.update(done=value)

    @property
    def total(self) -> float | None:
        """Return the expected total, or None."""
        return self._total

    @total.setter
    def total(self, value: float | None) -> None:
        self._total = value
        if self._stage is not None and value is not None:
            self._stage.update(total=value)

    @property
    def unit(self) -> str:
        """Return what is counted."""
        return self._unit

    @unit.setter
    def unit(self, value: str) -> None:
        self._unit = value
        if self._stage is not None:
            self._stage.update(unit=value)

    def update(self, n: float | None = 1) -> bool | None:
        """Add `n` to what is done; return whether that was displayed."""
        stage = self._stage
        if stage is None or self.disable or self._looping:
            return super().update(n)
        back = n < 0  # type: ignore[operator]  # what is no number raises, in the words of tqdm
        stage.advance(n)  # type: ignore[arg-type]
        if self._silent:
            return None
        ahead = self._n + n  # type: ignore[operator]
        if ahead - self.last_print_n < self.miniters and not back:
            self._n = ahead  # tqdm would not look at the clock either
            return None
        self._looping = True
        try:
            return super().update(n)
        finally:
            self._looping = False

    def __iter__(self) -> Iterator[Any]:
        """Iterate over what was given, counting."""
        if self._stage is None or self.iterable is None:
            return super().__iter__()
        items = iterate(self._run(), self.iterable, self.total)
        kind = type(self)
        plain = kind.update is tqdm.update and kind.close is tqdm.close
        if self.disable or (self._silent and plain):
            return chain(items, _Closing(self))
        return self._draw(items)

    def __reversed__(self) -> Iterator[Any]:
        """Iterate as tqdm does here: forwards, but raise where it cannot be reversed."""
        reversed(self.iterable)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        return iter(self)

    def _draw(self, items: Iterator[Any]) -> Iterator[Any]:
        """Iterate as tqdm does, over `items` in place of what was given."""
        whole, self.iterable = self.iterable, items
        self._looping = True
        drawn = super().__iter__()
        try:
            first = next(drawn)
        except StopIteration:
            return
        finally:
            self.iterable = whole
        try:
            yield first
            yield from drawn
        except GeneratorExit:
            raise
        except BaseException:
            if self._stage is not None:
                count_last(self._stage)
            raise
        finally:
            self._looping = False

    def _run(self) -> Stage:
        """Return its stage, running, again if it had ended; a loop ends it."""
        stage: Any = self._stage
        self._end.ended = True
        if not stage.open:
            stage = self._stage = run_again(stage)
            self._shorten()
        return stage  # type: ignore[no-any-return]

    def _shorten(self) -> None:
        """Let `update` go straight to the stage where nothing else is to be done."""
        if self._silent and type(self).update is tqdm.update and self._stage is not None:
            self.update = self._stage.advance  # type: ignore[method-assign]  # pyright: ignore[reportAttributeAccessIssue]

    def __aiter__(self) -> AsyncIterator[Any]:
        """Iterate with `async for`, over an asynchronous iterable or another one, counting."""
        items: Any = self.iterable
        if items is None:
            raise TypeError("'tqdm' object is not an asynchronous iterator: it has no iterable")
        if not hasattr(type(items), "__aiter__"):
            items = _Later(items)
        if self._stage is not None:
            items = iterate(self._run(), items, self.total)
        return _Drawn(self, items.__aiter__())

    def _count_drawn(self) -> None:
        """Count an item that the stage counts by itself, where tqdm draws."""
        if not self._silent:
            looping, self._looping = self._looping, True
            try:
                self.update()
            finally:
                self._looping = looping

    @classmethod
    def as_completed(
        cls,
        fs: Iterable[Awaitable[Any]],
        *,
        loop: Any = None,
        timeout: float | None = None,
        total: float | None = None,
        **options: Any,
    ) -> Iterator[Awaitable[Any]]:
        """Return `asyncio.as_completed(fs)`, counted."""
        import asyncio  # noqa: PLC0415 - whoever has awaitables has it

        del loop
        fs = list(fs)
        total = len(fs) if total is None else total
        return iter(cls(asyncio.as_completed(fs, timeout=timeout), total=total, **options))

    @classmethod
    async def gather(
        cls,
        *fs: Awaitable[Any],
        loop: Any = None,
        timeout: float | None = None,
        total: float | None = None,
        return_exceptions: bool = False,
        **options: Any,
    ) -> list[Any]:
        """Return `asyncio.gather(*fs)`, counted; within `timeout` seconds where that is given."""
        import asyncio  # noqa: PLC0415 - whoever has awaitables has it

        del loop
        with cls(total=len(fs) if total is None else total, **options) as bar:

            async def count(one: Awaitable[Any]) -> Any:
                try:
                    result = await one
                except Exception:
                    if return_exceptions:
                        bar.update()
                    raise
                bar.update()
                return result

            gathered = asyncio.gather(*map(count, fs), return_exceptions=return_exceptions)
            return list(await asyncio.wait_for(gathered, timeout))

    def send(self, *arguments: Any) -> Any:
        """Send a value into the coroutine or generator that is counted."""
        return self.iterable.send(*arguments)  # type: ignore[union-attr]

    def reset(self, total: float | None = None) -> None:
        """Start again from zero, with another total where one is given."""
        stage = self._stage
        if stage is not None and not self.disable:
            stage = self._run()
            self._end = End(stage, Source())
        super().reset(total)

    # What it is busy with.

    def set_description(self, desc: str | None = None, refresh: bool | None = True) -> None:
        """Set the description, which becomes the stage's detail."""
        super().set_description(desc, refresh)
        self._tell()

    def set_description_str(self, desc: str | None = None, refresh: bool | None = True) -> None:
        """Set the description, without a colon after it."""
        super().set_description_str(desc, refresh)
        self._tell()

    def set_postfix(
        self, ordered_dict: Any = None, refresh: bool | None = True, **values: Any
    ) -> None:
        """Set the postfix from names and values; it becomes part of the stage's detail."""
        super().set_postfix(ordered_dict, refresh, **values)
        self._tell()

    def set_postfix_str(self, s: Any = "", refresh: bool = True) -> None:
        """Set the postfix from a text."""
        super().set_postfix_str(s, refresh)
        self._tell()

    def _tell(self) -> None:
        stage = self._stage
        if stage is not None:
            desc = _words(self.desc)
            told = ("" if desc == stage.name else desc, self.postfix)
            detail = ", ".join(clean_text(text) for text in told if isinstance(text, str) and text)
            if detail or stage.model.detail:
                stage.update(detail=detail)

    # Its end.

    def close(self) -> None:
        """End the bar: completed, or stopped before its total."""
        stage = getattr(self, "_stage", None)
        if stage is not None and not self.disable:
            self._n = self.n
            if self._silent:
                self.sp = None  # nothing is written
        super().close()
        if stage is not None and not self._dropped:
            self._end.ended = True
            if stage.open:
                stage._stop()
                stage._reporting().print_receipts()

    def __del__(self) -> None:
        self._dropped = True
        self.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        stage = self._stage
        if error is not None and stage is not None and stage.open:
            self._end.ended = True
            state, reason, text = outcome_of(error, stage.operation.request)
            stage._end(state, reason, text)
        super().__exit__(kind, error, traceback)

    # What draws.

    def display(self, msg: str | None = None, pos: int | None = None) -> Any:
        """Draw the bar, where Headway does not."""
        return True if self._silent else super().display(msg, pos)

    def clear(self, nolock: bool = False) -> None:
        """Clear what was drawn."""
        if not self._silent:
            super().clear(nolock)

    def moveto(self, n: int) -> None:
        """Move the cursor to the bar's line."""
        if not self._silent:
            super().moveto(n)

    @classmethod
    def write(cls, s: str, file: Any = None, end: str = "\n", nolock: bool = False) -> None:
        """Print a line; whatever draws keeps it whole. Without a standard output, do nothing."""
        if file is not None or sys.stdout is not None:
            super().write(s, file, end, nolock)


class _Closing:
    """Chained after the last item: reaching it closes the bar."""

    __slots__ = ("_bar",)

    def __init__(self, bar: tqdm) -> None:
        self._bar = bar

    def __iter__(self) -> _Closing:
        return self

    def __next__(self) -> Any:
        self._bar.close()
        raise StopIteration


def _words(desc: object) -> str:
    """Return a description without the colon that tqdm puts after it."""
    text = clean_text(desc or "")
    return text[:-2] if text.endswith(": ") else text


class _Later:
    """The items of an iterable, for `async for`."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)

    def __aiter__(self) -> _Later:
        return self

    async def __anext__(self) -> Any:
        for item in self._items:
            return item
        raise StopAsyncIteration


class _Drawn:
    """What `async for` iterates over: it counts before the work on an item, as tqdm does here.

    No asynchronous generator, which a loop that is left would leave open.
    """

    __slots__ = ("_bar", "_items")

    def __init__(self, bar: tqdm, items: AsyncIterator[Any]) -> None:
        self._bar = bar
        self._items = items

    def __aiter__(self) -> _Drawn:
        return self

    async def __anext__(self) -> Any:
        try:
            item = await self._items.__anext__()
            self._bar._count_drawn()
        except BaseException:
            self._bar.close()
            raise
        return item


def trange(*arguments: int, **options: Any) -> tqdm:
    """Return `tqdm(range(…), …)`."""
    return tqdm(range(*arguments), **options)
