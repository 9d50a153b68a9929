"""Files of a program that shadow modules of the standard library.

A script's folder comes first in `sys.path`: an import in our background thread would run a
`random.py` that the program only keeps there, or give pyzmq a `token.py` that breaks it. Where
there is such a file, nothing is imported and nothing is reported.
"""

from __future__ import annotations

import os
import sys

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence

# What is imported with the first report, on any version of Python.
# fmt: off
NEEDED = frozenset((
    "array", "ast", "binascii", "bisect", "collections", "contextlib", "copyreg", "datetime", "dis",
    "enum", "fcntl", "functools", "heapq", "importlib", "inspect", "json", "keyword", "linecache",
    "locale", "math", "opcode", "operator", "pickle", "platform", "pwd", "random", "re", "reprlib",
    "resource", "select", "selectors", "signal", "socket", "sre_compile", "sre_constants",
    "sre_parse", "struct", "subprocess", "tempfile", "token", "tokenize", "types", "typing",
    "weakref",
))
# fmt: on


def find(path: Sequence[str], modules: Mapping[str, Any]) -> str | None:
    """Return the file that shadows a module we need, or None.

    `path` is `sys.path`, `modules` is `sys.modules`.
    """
    file = getattr(os, "__file__", None)  # cx_Freeze has it in the program, without one
    library = None if file is None else os.path.dirname(os.path.abspath(file))
    bundles = _bundles()
    for folder in path:
        place = folder or os.curdir
        absolute = os.path.abspath(place)
        if absolute == library or os.path.basename(absolute) == "lib-dynload":
            break
        if any((absolute + os.sep).startswith(bundle) for bundle in bundles):
            continue
        try:
            names = os.listdir(place)
        except OSError as error:
            reraise_async(error)
            continue  # a zip file, or not there
        for name in names:
            module = name.partition(".")[0]
            if module in NEEDED and _hides(os.path.join(place, name), modules.get(module)):
                return os.path.join(place, name)
    return None


def _bundles() -> list[str]:
    """Return the folders in which a frozen program keeps its standard library.

    PyInstaller names its own; cx_Freeze has `lib` beside the program.
    """
    if not getattr(sys, "frozen", False):
        return []
    beside = os.path.join(os.path.dirname(os.path.abspath(sys.executable)), "lib")
    named = getattr(sys, "_MEIPASS", None)
    return [os.path.join(folder, "") for folder in (named, beside) if folder]


def _hides(file: str, loaded: Any) -> bool:
    """Return whether an import would find this file, or has found it."""
    if not file.endswith((".py", ".so")) and not os.path.exists(os.path.join(file, "__init__.py")):
        return False
    if loaded is None:
        return True
    origin = getattr(loaded, "__file__", None)
    return origin is not None and os.path.abspath(origin).startswith(os.path.abspath(file))
