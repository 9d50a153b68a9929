"""The names of a module of tqdm that are not ours."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable


def names_of(original: ModuleType) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module that stands for `original`."""

    def find(name: str) -> Any:
        hidden = name.startswith("__") and name not in getattr(original, "__all__", ())
        found = None if hidden else getattr(original, name)
        if found is None or isinstance(found, type(original)):  # a module of ours may be imported
            raise AttributeError(f"module {original.__name__!r} has no attribute {name!r}")
        return found

    return find
