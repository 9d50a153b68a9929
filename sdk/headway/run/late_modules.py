"""Modules that pyzmq imports and `headway run` never calls: imported once something asks them.

`inspect`, `json`, `pickle`, `platform` and `random` take longer to import than a short command to
run. For this process alone: a program that reports imports what it imports.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# module → what pyzmq reads in it when it is imported, as that has it. Of `inspect` it is the flags
# of code objects, which Cython asks for.
_READ: dict[str, dict[str, Any]] = {
    "inspect": {
        "CO_OPTIMIZED": 1,
        "CO_NEWLOCALS": 2,
        "CO_VARARGS": 4,
        "CO_VARKEYWORDS": 8,
        "CO_GENERATOR": 32,
        "CO_COROUTINE": 128,
        "CO_ASYNC_GENERATOR": 512,
    },
    "json": {},
    "pickle": {"DEFAULT_PROTOCOL": 4 if sys.version_info < (3, 14) else 5},
    "platform": {"python_implementation": lambda: "CPython"},
    "random": {},
}


class _LateModule(ModuleType):
    """In the place of a module, until an attribute is asked for that it has not."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(name)  # the import system looks for these
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        import importlib  # noqa: PLC0415 - hardly ever needed

        return getattr(importlib.import_module(self.__name__), name)


def postpone() -> None:
    """Put those modules in place, unless they are imported already, or Python is another one."""
    if sys.implementation.name != "cpython":
        return
    for name, attributes in _READ.items():
        if name not in sys.modules:
            module = sys.modules[name] = _LateModule(name)
            module.__dict__.update(attributes)
