"""Iterator wrappers: iterate as a stage, with the position read from another thread.

A list, tuple, range, string or bytes costs nothing per item: the loop gets the bare iterator,
chained to an `End`, and the tally polls its `__length_hint__`. The items of any other iterable
are drawn in step with a range (`itertools.compress`), whose iterator is polled instead. Either
can be set to its end from another thread (`__setstate__`), so every item is a point of
cancellation.
"""

from __future__ import annotations

import sys
from _operator import length_hint  # `operator` is 20 times as long to import
from _thread import get_ident
from itertools import chain, compress

from headway.api.counts.fold import Source
from headway.api.outcomes import execution_ends
from headway.api.outcomes.outcome import outcome_of
from headway.api.outcomes.uncaught import cancelled
from headway.api.scope import enclosing, enter, leave
from headway.async_exceptions import reraise_async
from headway.plain_values import clean_count
from headway.reporting import exit_status, loop_exits
from headway.reporting.reporter import reporter
from headway.states import CANCELLED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import (
        Any,
        AsyncIterable,
        AsyncIterator,
        Iterable,
        Iterator,
        NoReturn,
        Sequence,
        TypeVar,
    )

    from headway.api.scope import Scope
    from headway.api.stage import Stage

    Item = TypeVar("Item")

COPIED = (
    "a tracked loop stays in its process and cannot be copied or pickled: copy the items, or call"
    " headway.track() where they are iterated over"
)

# Their iterators tell their position and can be sent to their end from another thread.
_INDEXED = (list, tuple, range, str, bytes)


class Position(Source):
    """The position of a sequence's iterator: the items that were fetched, less the one in work."""

    __slots__ = ("items", "iterator")

    def __init__(
        self, items: Sequence[Any], iterator: Iterator[Any], codes: tuple[Any, ...] = ()
    ) -> None:
        super().__init__(codes)
        self.items: Sequence[Any] | None = items
        self.iterator = iterator

    @property
    def in_work(self) -> int:
        """Return the number of items that were handed out and do not count as done: 0 or 1."""
        items = self.items
        return 0 if items is None else min(len(items) - length_hint(self.iterator), 1)

    def count(self) -> float:
        """Return the number of items that are done."""
        items = self.items
        if items is None:
            return self.done
        return max(len(items) - length_hint(self.iterator) - 1, 0)

    def finish(self) -> None:
        """Count all items that were handed out as done."""
        if self.items is not None:
            self.done = len(self.items) - length_hint(self.iterator)
            self.items = None

    def stop(self) -> None:
        """Set the iterator to its end, where `End` raises `Cancelled`."""
        items = self.items
        if items is not None:
            self.stopped = True
            self.done = int(self.count())
            self.items = None
            self.iterator.__setstate__(len(items))  # pyright: ignore[reportAttributeAccessIssue]


class First:
    """Chained for the iterator: notes where the first item is fetched, and hands it over.

    What opens from then on in this context is part of the loop. One that has been made and gives
    nothing yet, as the feed of a pool or of `zip`, is around nothing.
    """

    __slots__ = ("_end", "_iterator")

    def __init__(self, iterator: Iterator[Any], end: End) -> None:
        self._iterator = iterator
        self._end = end

    def __iter__(self) -> Iterator[Any]:
        frame = sys._getframe(1)
        self._end.source.drawn = (frame.f_code, 0, frame.f_lasti)
        _enter(self._end.stage)
        return self._iterator

    def __reduce__(self) -> Any:
        return self._end.__reduce__()  # before a copy is made


class Ended:
    """Chained after the last item: reaching it ends the stage."""

    __slots__ = ("ended", "source", "stage")

    def __init__(self, stage: Stage, source: Source) -> None:
        self.stage = stage
        self.source = source
        self.ended = False

    def __iter__(self) -> Ended:
        return self

    def __reduce__(self) -> Any:
        return self.stage.__reduce__()  # before a copy without a stage is made

    def __next__(self) -> Any:
        if not self.ended:
            self.finish()
        raise StopIteration

    def finish(self) -> None:
        """Complete the stage, or end it and raise `Cancelled` if the iteration was stopped."""
        self.settle()
        leave(self.stage)
        stage = self.stage
        if self.source.stopped:
            request = stage.operation.request
            reason = (request.reason if request is not None else None) or None
            if stage.open:
                stage._end(CANCELLED, reason)
                stage._reporting().print_receipts()
            raise cancelled(reason)
        self.source.finish()
        if stage.open:
            if stage.model.total is None:
                stage.model.total = stage.done
            stage.complete()
            stage._reporting().print_receipts()

    def failed(self, error: BaseException) -> None:
        """End the stage by `error`, which the iterable has raised."""
        self.settle()
        leave(self.stage)
        if self.stage.open:
            state, reason, text = outcome_of(error, self.stage.operation.request)
            self.stage._end(state, reason, text)
            self.stage._reporting().print_receipts()

    def settle(self) -> None:
        """Let it be dropped without a word: the stage ends otherwise.

        Without a finalizer: what a signal's handler raises in one is lost to the program.
        """
        self.ended = True
        self.__class__ = Ended  # pyright: ignore[reportAttributeAccessIssue]


class End(Ended):
    """The end of a loop that runs: being dropped before it is reached leaves the stage."""

    __slots__ = ()

    def __del__(self) -> None:
        # No lock here: a collection may happen anywhere, in the middle of our own code too.
        try:
            if not self.ended and self.stage._base is None:
                leave(self.stage)
                own = reporter()
                if own.off:
                    self.stage._judge(own.clock())
                elif not (self.stage.left or own.closed):
                    count = loop_exits.references(sys._getframe(1))
                    count -= exit_status.keeps(sys._getframe(1))
                    self.stage._left_at = loop_exits.places(sys._getframe(1), count)
                    exit_status.look_for_passing()
                    self.stage.left = True
                    own.tally.leave(self.stage, own.clock(), get_ident())
                    own.wake()
        except Exception as error:  # the interpreter is being taken down
            reraise_async(error)


class Told:
    """What a tracked loop can be told, besides its items; and the block that it may stand in."""

    __slots__ = ()

    _end: End | None

    def update(self, detail: str | None = None, total: float | None = None) -> None:
        """Set what the loop is busy with, or its total; None leaves one as it is."""
        if self._end is not None:
            self._end.stage.update(total=total, detail=detail)

    def __enter__(self: Any) -> Any:
        if self._end is not None:
            enter(self._end.stage)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        end = self._end
        if end is None or end.ended or not end.stage.open:
            return
        end.settle()
        if error is None:
            leave(end.stage)
            end.stage._stop()  # short of its end
        else:
            end.stage.__exit__(kind, error, traceback)

    def __copy__(self) -> Any:
        raise TypeError(COPIED)

    def __deepcopy__(self, memo: object) -> Any:
        raise TypeError(COPIED)

    def __reduce_ex__(self, protocol: object) -> Any:
        raise TypeError(COPIED)


if TYPE_CHECKING:

    class Loop(Told, chain[Item]):
        """The iterator that `track` returns."""

else:

    class Loop(Told, chain):
        """The iterator that `track` returns: `itertools.chain`, at the cost of the items' own."""

        __slots__ = ("_end",)


def _loop(items: Iterator[Any], end: End) -> Loop[Any]:
    made: Any = Loop(First(items, end), end)
    made._end = end
    return made  # type: ignore[no-any-return]


def _enter(stage: Stage) -> None:
    """Make `stage` the current one, unless its items feed a block that was entered since it began.

    Then what opens is part of that block: the last item is handed out long before the block ends.
    """
    around = enclosing()
    if around is None or not around.block or _is_inside(stage, around):
        enter(stage)
        return
    own = reporter()
    with own.lock:  # and child processes are part of the block
        own.tree.remove(stage)
        if stage.solo:
            own.tree.remove(stage.operation)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def _is_inside(scope: Scope | None, around: Scope) -> bool:
    while scope is not None and scope is not around:
        scope = scope.around
    return scope is around


def length_of(items: Any) -> int | None:
    """Return the number of items, or None where it is unknown before the end."""
    try:
        return len(items)
    except Exception as error:
        reraise_async(error)
    try:
        return length_hint(items) or None
    except Exception as error:
        reraise_async(error)
        return None


def whole_of(items: Any, total: float | None, initial: float) -> float | None:
    """Return the total that was given, or that of the items and what is there already, or None.

    What is no number is as if none were given.
    """
    if total is None or clean_count(total) is None:
        total = length_of(items)
        if total is not None:
            total += clean_count(initial) or 0
    return total


def follow(stage: Stage, items: Iterable[Any], total: float | None) -> Any:
    """Iterate over `items` as `stage`, which starts now and ends with the last item."""
    total = whole_of(items, total, stage._given)
    stage.model.total = clean_count(total) if total is not None else None
    return iterate(stage.start(), items, total)


def iterate(stage: Stage, items: Iterable[Any], total: float | None) -> Any:
    """Iterate over `items` as `stage`, which runs and ends with the last item."""
    execution_ends.watch()
    if type(items) in _INDEXED and total is not None:
        iterator = iter(items)
        source: Source = Position(items, iterator)  # pyright: ignore[reportArgumentType]
        stage._count_with(source)
        end = End(stage, source)
        return _loop(iterator, end)
    if hasattr(type(items), "__aiter__"):
        if hasattr(type(items), "__iter__"):
            return Either(stage, items)
        end = End(stage, Source())
        return _draw_asynchronously(stage, items, end)  # pyright: ignore[reportArgumentType]
    return _draw(stage, items)


class Either(Told):
    """An iterable that supports both `for` and `async for`, until one of them is used."""

    __slots__ = ("_drawn", "_end", "_items", "_left", "_stage")

    def __init__(self, stage: Stage, items: Any) -> None:
        self._stage = stage
        self._items = items
        self._drawn: Iterator[Any] | None = None
        self._left: End | None = End(stage, Source())  # should nobody ask for an item
        self._end = self._left

    def _begin(self) -> None:
        if self._left is not None:
            self._left.settle()
            self._left = None

    def __iter__(self) -> Iterator[Any]:
        if self._drawn is None:
            self._begin()
            loop = self._drawn = _draw(self._stage, self._items)
            self._end = loop._end
        return self._drawn

    def __next__(self) -> Any:
        return next(iter(self))

    def __aiter__(self) -> AsyncIterator[Any]:
        self._begin()
        self._end = end = End(self._stage, Source())
        return _draw_asynchronously(self._stage, self._items, end)


def watched(stage: Stage, items: Iterable[Any]) -> Iterator[Any]:
    """Yield `items`, those of a loop over `stage`, by a generator that others have variables of."""
    try:
        yield from items
    except GeneratorExit:
        raise
    except BaseException:
        count_last(stage)
        raise


def count_last(stage: Stage) -> None:
    """Count the item in work as done: its iterable was asked for another, and has raised."""
    source = stage._source
    if source is not None:
        source.finish()


def _draw(stage: Stage, items: Iterable[Any]) -> Loop[Any]:
    # A range that never ends is drawn in step with the items, and tells the position.
    steps = range(1, sys.maxsize)
    ticks = iter(steps)
    source = Position(steps, ticks, loop_exits.codes_of(items))
    stage._count_with(source)
    end = End(stage, source)
    try:
        counted = compress(items, ticks)
    except BaseException as error:
        end.failed(error)
        raise
    return _loop(counted, end)


def _draw_asynchronously(stage: Stage, items: AsyncIterable[Any], end: End) -> AsyncLoop:
    stage._count_with(end.source)
    try:
        iterator = items.__aiter__()
    except BaseException as error:
        end.failed(error)
        raise
    return AsyncLoop(iterator, end)


class AsyncLoop(Told):
    """The iterator of an asynchronous iterable; each item is a point of cancellation.

    No asynchronous generator: one that a loop has left is closed by the event loop some turns
    later, and only then what it iterates over. The program's own is dropped with this one.
    """

    __slots__ = ("_begun", "_end", "_handed_out", "_items", "_over")

    _end: Any  # an `End` from its beginning on, which other loops get later

    def __init__(self, items: AsyncIterator[Any], end: End) -> None:
        self._items = items
        self._end = end
        self._begun = False  # it has been asked for an item
        self._handed_out = False  # the loop has an item, which is not done yet
        self._over = False

    def __aiter__(self) -> AsyncLoop:
        return self

    async def __anext__(self) -> Any:
        if self._over:
            raise StopAsyncIteration
        source = self._end.source
        if not self._begun:
            self._begun = True
            _enter(self._end.stage)
        if self._handed_out:
            self._handed_out = False
            source.done += 1
        if source.stopped:
            self._finish()
        try:
            item = await self._items.__anext__()
        except StopAsyncIteration:
            self._finish()
        except BaseException as error:
            self._over = True
            self._end.failed(error)
            raise
        self._handed_out = True
        return item

    def _finish(self) -> NoReturn:
        self._over = True
        self._end.finish()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close what it iterates over, for `contextlib.aclosing`; its stage has stopped there."""
        self._over = True
        end = self._end
        if not end.ended and end.stage.open:
            end.settle()
            leave(end.stage)
            end.stage._stop()
        close = getattr(self._items, "aclose", None)
        if close is not None:
            await close()
