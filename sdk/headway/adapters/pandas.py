"""`tqdm.pandas()`: `progress_apply` and its like on pandas' frames, series and groups.

They are pandas' own methods, called with a function that counts. What pandas computes
without calling back (the name of a function instead of a function) has no progress.
"""

from __future__ import annotations

import functools

import pandas as pd
from pandas.core.groupby import DataFrameGroupBy, SeriesGroupBy
from pandas.core.window import Expanding, Rolling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

METHODS = ("apply", "map", "applymap", "agg", "aggregate", "transform")
KINDS = (pd.DataFrame, pd.Series, DataFrameGroupBy, SeriesGroupBy, Rolling, Expanding)


def register(make_bar: Callable[..., Any]) -> None:
    """Add the methods to pandas; each call of one counts in a `make_bar(total)`, a tqdm."""
    for kind in KINDS:
        for method in METHODS:
            if hasattr(kind, method):
                setattr(kind, f"progress_{method}", _counting(kind, method, make_bar))


def _counting(kind: Any, method: str, make_bar: Callable[..., Any]) -> Callable[..., Any]:
    original = getattr(kind, method)

    @functools.wraps(original)
    def call(self: Any, func: Any = None, *arguments: Any, **options: Any) -> Any:
        if not callable(func):
            return original(self, func, *arguments, **options)
        with make_bar(_calls(self, method, arguments, options)) as bar:

            @functools.wraps(func, updated=())  # a class has what would make this one a list
            def counted(*values: Any, **more: Any) -> Any:
                result = func(*values, **more)
                bar.update()
                return result

            return original(self, counted, *arguments, **options)

    return call


def _calls(
    data: Any, method: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> int | None:
    """Return how often the function will be called, or None where pandas decides."""
    if method not in ("apply", "map", "applymap") or options.get("na_action") is not None:
        return None
    if isinstance(data, (Rolling, Expanding)):
        return None
    if not isinstance(data, pd.DataFrame):
        return int(len(data) if isinstance(data, pd.Series) else data.ngroups)
    if method != "apply":
        return int(data.size)
    axis = options.get("axis", arguments[0] if arguments else 0)
    return len(data.index if axis in (1, "columns") else data.columns)
