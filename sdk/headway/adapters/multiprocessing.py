"""Progress of a `multiprocessing` pool, of any start method: how many results are there.

    with multiprocessing.Pool() as pool:
        for row in imap_unordered(pool, convert, rows, "Convert"):
            ...

Code that runs in the pool's processes needs nothing of this to report what it does: each
process opens its own operations inside the stage in which it was started.
"""

from __future__ import annotations

from headway.api.iteration import length_of
from headway.api.track import track

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.pool import Pool
    from typing import Any, Callable, Iterable, Iterator, TypeVar

    Result = TypeVar("Result")

__all__ = ["imap", "imap_unordered", "map"]


def imap(
    pool: Pool,
    function: Callable[..., Result],
    items: Iterable[Any],
    name: str | None = None,
    chunksize: int = 1,
) -> Iterator[Result]:
    """As `pool.imap`, counted as a stage."""
    return track(pool.imap(function, items, chunksize), name, length_of(items))


def imap_unordered(
    pool: Pool,
    function: Callable[..., Result],
    items: Iterable[Any],
    name: str | None = None,
    chunksize: int = 1,
) -> Iterator[Result]:
    """As `pool.imap_unordered`, counted as a stage."""
    return track(pool.imap_unordered(function, items, chunksize), name, length_of(items))


def map(  # noqa: A001 - the pool's word
    pool: Pool,
    function: Callable[..., Result],
    items: Iterable[Any],
    name: str | None = None,
    chunksize: int = 1,
) -> list[Result]:
    """As `pool.map`, counted as a stage."""
    return list(imap(pool, function, items, name, chunksize))
