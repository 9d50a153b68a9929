"""Find a Python interpreter that can run the broker and a terminal's viewer.

Mostly it is the one that runs this program. But a program may be frozen (PyInstaller, Nuitka,
cx_Freeze) or embed Python (uWSGI, mod_wsgi, an editor): `sys.executable` is then the program
itself, which would do its work a second time if it were started, or names nothing. So a file
is taken for an interpreter on evidence: its name and its folder. In doubt nothing is started,
and final states stay in the spool. Absent: running anything to find out.
"""

from __future__ import annotations

import os
import sys

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, NamedTuple
else:
    from headway.light_typing import NamedTuple

# What may follow the version in the name of an interpreter: python3.13t, python3-dbg, pypy3-c.
_FLAVOURS = ("", "d", "m", "t", "td", "u", "w", "-c", "-dbg", "-debug", "-intel")
_HEAD = 4096  # bytes of the `headway` command that are read: its first line, and its import
_THIS_PROCESS = "/proc/self/exe"  # Linux: the file that this process runs


class Interpreter(NamedTuple):
    """An interpreter that can run our processes.

    A `foreign` one has a headway of its own, which may be of another version; it cannot import
    the modules of this program.
    """

    path: str
    foreign: bool


def find(environ: Mapping[str, str]) -> Interpreter | None:
    """Return the interpreter that can run our processes, or None where none certainly can.

    It is the running one; else, where a program embeds Python or was compiled, the one of
    `sys.prefix`, if it is of this version; else the one that runs the `headway` command of
    `environ["PATH"]`.
    """
    frozen = bool(getattr(sys, "frozen", False))
    if not frozen and not _is_compiled() and _is_running(sys.executable):
        return Interpreter(sys.executable, foreign=False)
    # What is frozen has its modules in archives that only it can read.
    if not frozen and os.path.isfile(globals().get("__file__") or ""):
        path = _of_prefix()
        if path is not None:
            return Interpreter(path, foreign=False)
    path = _of_command(environ.get("PATH", ""))
    return None if path is None else Interpreter(path, foreign=True)


def folders(*prefixes: str) -> list[str]:
    """Return the `bin` folders of `prefixes`, by default of the running interpreter's."""
    known = prefixes or (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)
    return [os.path.join(prefix, "bin") for prefix in dict.fromkeys(known) if prefix]


def leave_bundle(environ: dict[str, str]) -> None:
    """Remove the folders of a frozen program's bundle from LD_LIBRARY_PATH in `environ`.

    PyInstaller puts its bundle first there, and child processes inherit that: another program
    would load the bundle's libraries instead of its own.
    """
    bundle = getattr(sys, "_MEIPASS", None)
    searched = environ.get("LD_LIBRARY_PATH")
    if not bundle or searched is None:
        return
    inside = os.path.realpath(bundle) + os.sep
    kept = [
        folder
        for folder in searched.split(os.pathsep)
        if not (os.path.realpath(folder) + os.sep).startswith(inside)
    ]
    if kept:
        environ["LD_LIBRARY_PATH"] = os.pathsep.join(kept)
    else:
        del environ["LD_LIBRARY_PATH"]


def _is_compiled() -> bool:
    """Return whether Nuitka has compiled this program, or this file into it."""
    main = getattr(sys.modules.get("__main__"), "__dict__", {})
    return "__compiled__" in main or "__compiled__" in globals()


def _is_running(path: object) -> bool:
    """Return whether `path` is the interpreter that runs this program.

    A name alone is no evidence, since a program that embeds Python has any; nor is the folder,
    since uWSGI stands among the programs of its virtual environment.
    """
    if not isinstance(path, str) or not os.path.isabs(path) or not _can_run(path):
        return False
    version = _version(os.path.realpath(path))
    if version is not None and _numbers(version) != _numbers(_own_version()):
        return False  # such as the first python3 of the PATH, guessed by an embedded Python
    places = folders()
    named = _is_pythons(path)
    if named and os.path.dirname(path) in places:
        return True
    known = [os.path.join(folder, name) for folder in places for name in _names()]
    if named:
        known.append(_THIS_PROCESS)  # such as one that was built, but not installed
    return any(_is_same(path, other) for other in known)


def _of_prefix() -> str | None:
    """Return the Python of `sys.prefix` that is certainly of the version that runs."""
    for folder in folders(sys.prefix, sys.exec_prefix):
        for name in _names():
            path = os.path.join(folder, name)
            if _can_run(path) and _version(os.path.realpath(path)) == _own_version():
                return path
    return None


def _of_command(searched: str) -> str | None:
    """Return the Python of the first `headway` command in the folders `searched`."""
    for folder in searched.split(os.pathsep):
        command = os.path.join(folder, "headway")
        # What the working directory holds is no installed command.
        if os.path.isabs(folder) and _can_run(command) and _is_trusted(command):
            path = _of_script(command)
            if path is not None:
                return path
    return None


def _of_script(command: str) -> str | None:
    """Return the Python that runs a script which an installer wrote for us, or None."""
    try:
        with open(command, "rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        reraise_async(error)
        return None
    if not head.startswith(b"#!") or b"from headway" not in head:
        return None
    words = head.partition(b"\n")[0][2:].split()
    path = os.fsdecode(words[0]) if words else ""
    pythons = [path]
    if os.path.basename(path) == "sh":
        # Its Python's path is too long for the first line, or has a space in it: a virtual
        # environment's stands beside the script.
        place = os.path.dirname(os.path.realpath(command))
        pythons = [os.path.join(place, name) for name in ("python3", "python")]
    for path in pythons:
        if os.path.isabs(path) and _is_pythons(path) and _can_run(path) and _is_trusted(path):
            return path
    return None


def _names() -> list[str]:
    """Return what the interpreter of this version is called, the most exact first."""
    exact = [_stem() + _own_version(), f"{_stem()}{sys.version_info[0]}", _stem()]
    return list(dict.fromkeys([*exact, f"python{sys.version_info[0]}", "python"]))


def _stem() -> str:
    name = sys.implementation.name
    return "python" if name == "cpython" else name


def _own_version() -> str:
    """Return what the file of the running interpreter says of its version: 3.12, 3.13t."""
    return "{}.{}".format(*sys.version_info[:2]) + getattr(sys, "abiflags", "")


def _version(path: str) -> str | None:
    """Return what is said of the version by a file's name, if it is an interpreter's."""
    tail = _tail(path)
    return tail if tail is not None and tail[:1].isdigit() and "." in tail else None


def _numbers(version: str) -> list[str]:
    return [part.rstrip("dmtu") for part in version.split("-", maxsplit=1)[0].split(".")[:2]]


def _is_pythons(path: str) -> bool:
    """Return whether a file is called as interpreters are: python3.12, pypy3, Python."""
    tail = _tail(path)
    return tail is not None and tail.strip("0123456789.") in _FLAVOURS


def _tail(path: str) -> str | None:
    """Return what follows `python` in a file's name, or None."""
    name = os.path.basename(path).lower()
    for stem in ("python", "pypy", _stem()):
        if name.startswith(stem):
            return name[len(stem) :]
    return None


def _is_trusted(path: str) -> bool:
    """Return whether nobody but root can have laid out what root would run."""
    try:
        return os.geteuid() != 0 or os.stat(path).st_uid == 0
    except OSError as error:
        reraise_async(error)
        return False


def _can_run(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_same(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError as error:
        reraise_async(error)
        return False
