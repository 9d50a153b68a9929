"""`tqdm.contrib.concurrent`, counted in bars that report."""

from __future__ import annotations

from functools import partial

from tqdm.contrib import concurrent

from headway.adapters.tqdm.bar import tqdm
from headway.adapters.tqdm.others import names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

__all__ = ["process_map", "thread_map"]

thread_map = partial(concurrent.thread_map, tqdm_class=tqdm)


class _Chunked(tqdm):
    """A bar of items that is told of chunks of them."""

    get_lock = tqdm.get_lock  # type: ignore[assignment]  # there is one for all
    set_lock = tqdm.set_lock  # type: ignore[assignment]

    def __init__(self, *arguments: Any, headway_chunk: int, **options: Any) -> None:
        self._chunk = headway_chunk
        super().__init__(*arguments, **options)

    def update(self, n: float | None = 1) -> bool | None:
        """Add `n` chunks to what is done: the last is smaller."""
        # Older tqdm iterates over the results. Without a total nobody knows how much smaller.
        if n and self.total and self.iterable is None:
            n = min(n * self._chunk, max(self.total - self.n, 0))
        return super().update(n)


def process_map(function: Callable[..., Any], *iterables: Any, **options: Any) -> list[Any]:
    """Return `tqdm.contrib.concurrent.process_map`; of a `chunksize`, its items are counted."""
    chunk = options.get("chunksize", 1)
    options.setdefault("tqdm_class", tqdm)
    if options["tqdm_class"] is tqdm and type(chunk) is int and chunk > 1:
        tqdm.get_lock()  # or its absence would be restored
        options.update(tqdm_class=_Chunked, headway_chunk=chunk)
    return concurrent.process_map(function, *iterables, **options)  # type: ignore[no-any-return]


__getattr__ = names_of(concurrent)
