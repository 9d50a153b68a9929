"""The import hook: a library that draws bars gets ours the moment it has been imported.

Where none is imported, it costs a look into a dictionary per import. What cannot be replaced draws
as without us, and one warning says so.
"""

from __future__ import annotations

import sys

from headway_patch.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

# Module that defines a library's bar → the module here that replaces it there.
REPLACED = {
    "tqdm.std": "tqdm_bar",
    "rich.progress": "rich_progress",
    "alive_progress.core.progress": "alive_bar",
}
_warned: set[str] = set()


class Finder:
    """Finds the modules of `REPLACED` as others do, and has each changed once it is there."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return the spec of one of these modules; None for all others."""
        if name not in REPLACED:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = None if finder is self or find is None else find(name, path, target)
            if spec is not None:
                _change_after(spec)
                return spec
        return None


def _change_after(spec: Any) -> None:
    """Have the module of `spec` changed after its loader has executed it."""
    loader = spec.loader
    execute = loader.exec_module

    def execute_and_change(module: ModuleType) -> None:
        execute(module)
        if module.__name__ == spec.name:  # a loader of a zip file serves many modules
            change(module)

    try:
        loader.exec_module = execute_and_change
    except AttributeError:
        warn(spec.name, "its loader cannot be changed")


def change(module: ModuleType) -> None:
    """Put our bar in the place of the one that `module` defines."""
    name = module.__name__
    try:
        ours = "headway_patch." + REPLACED[name]
        __import__(ours)
        sys.modules[ours].replace(module)
        from headway_patch import killing  # noqa: PLC0415 - a program without bars needs none of it

        killing.watch()
    except Exception as error:
        reraise_async(error)
        warn(name, f"{type(error).__name__}: {error}")


def require(original: object, *names: str) -> None:
    """Raise LookupError unless a library's class has what ours calls: it is of another version."""
    missing = [name for name in names if not hasattr(original, name)]
    if missing:
        raise LookupError("it has no " + ", ".join(missing))


def warn(name: str, why: str) -> None:
    """Say once to standard error that a library's bars are not reported."""
    if name not in _warned:
        _warned.add(name)
        try:
            sys.stderr.write(f"headway patch: {name} draws as without Headway: {why}\n")
        except Exception as error:
            reraise_async(error)  # closed, or none


def install() -> None:
    """Look at the imports of this process from now on."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    for name in REPLACED:
        if name in sys.modules:
            change(sys.modules[name])
