"""Start a broker or a viewer as a detached process, which outlives the program.

The program hardly notices: the process is no child of it, holds none of its streams, and
finds our modules without finding the program's own.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys

from headway.async_exceptions import reraise_async
from headway.host import importing, reaping
from headway.host.launch import interpreter
from headway.host.propagation import PARENT, environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

# /bin/sh puts the helper into the background and leaves: the helper's parent is then init, so
# that it is no child of the program's.
_SHELL = ("/bin/sh", "-c", '"$0" "$@" &')
# The same, but as a unit of the user's service manager; by itself where that refuses. What the
# process needs of our environment is passed on by name: values may hold anything.
_AS_UNIT = (
    "{{ {run} --user --quiet --collect --unit={unit} {settings}"
    ' -- "$0" "$@" || exec "$0" "$@"; }} &'
)
_PASSED_ON = (
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "XDG_STATE_HOME",
)


def spawn(
    argv: list[str],
    environ: Mapping[str, str],
    *,
    foreign: bool = False,
    user: int | None = None,
    terminal: bool = False,
    keep: tuple[int, ...] = (),
    errors: int | None = None,
    manager: tuple[str, str] | None = None,
) -> None:
    """Start `argv` as a detached process: it outlives this one, which need not wait for it.

    Its module search path has our modules and what they import, and none of the program's own;
    a `foreign` Python uses what is installed for it. With `terminal` it keeps standard error and
    the session, in a process group of its own; otherwise it gets a new session and no streams.
    Where `user` is another user (a root process under sudo) it becomes that user first. It
    inherits the descriptors `keep`, and writes errors to the descriptor `errors`. With `manager`, a
    `systemd-run` and a name, it is a unit of the user's service manager instead, where that takes
    it. Raise OSError.
    """
    child = environment(environ)
    child.pop(PARENT, None)
    child.pop("PYTHONPATH", None)
    interpreter.leave_bundle(child)
    if foreign:
        child.pop("PYTHONHOME", None)
    modules = [] if foreign else _modules(argv[0])
    if modules:
        child["PYTHONPATH"] = os.pathsep.join(modules)
    command = [*_SHELL, *argv]
    if manager is not None:
        child.setdefault("XDG_RUNTIME_DIR", f"/run/user/{os.geteuid()}")  # how that is found
        command[2] = _unit_script(*manager, child)
    if user is not None and user != os.geteuid():
        command = [*_SHELL, argv[0], "-c", _BECOME, str(user), *argv[1:]]
        for name in ("HOME", "USER", "LOGNAME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            child.pop(name, None)
    if terminal:
        command[2] = '"$0" "$@" </dev/null >/dev/null &'
        # In a process group of its own: Ctrl+C and Ctrl+Z at the terminal are for the program.
        command = [argv[0], "-c", _APART, *command] if argv[0] else command
    with importing.lock:
        import subprocess  # noqa: PLC0415 - most programs find a broker and a viewer

    reaping.run(
        lambda: subprocess.Popen(  # noqa: S603 - our own modules
            command,
            cwd="/",
            env=child,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if terminal else subprocess.DEVNULL if errors is None else errors,
            start_new_session=not terminal,
            pass_fds=keep,
        )
    )


def _unit_script(run: str, unit: str, child: Mapping[str, str]) -> str:
    """Return the shell script that starts its arguments as a unit, with the environment `child`."""
    names = [name for name in child if name in _PASSED_ON or name.startswith("HEADWAY_")]
    settings = " ".join(
        f'--setenv="{name}=${name}"' for name in sorted(names) if name.isidentifier()
    )
    quoted = "'" + run.replace("'", "'\\''") + "'"
    return _AS_UNIT.format(run=quoted, unit=unit, settings=settings)


# Run as root before the rest: become the user, then the module that was asked for.
_BECOME = """
import os, pwd, runpy, sys
uid = int(sys.argv[1])
user = pwd.getpwuid(uid)
os.initgroups(user.pw_name, user.pw_gid)
os.setgid(user.pw_gid)
os.setuid(uid)
os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
module = sys.argv[3]
sys.argv = [module, *sys.argv[4:]]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
_APART = "import os, sys; os.setpgid(0, 0); os.execv(sys.argv[1], sys.argv[1:])"


# Packages that the broker and the viewer import.
_NEEDED = ("zmq", "msgpack", "rich", "plyer", "typing_extensions")


def _modules(python: str) -> list[str]:
    """Return the folders of the program's `sys.path` to pass to `python` in PYTHONPATH.

    They come ahead of its standard library, so there are only folders with a module that it
    imports, and none that it searches by itself. The program's own folder and the working
    directory, which may hold a `random.py`, are left out unless a module is nowhere else.
    """
    own = os.path.dirname(
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    )
    found = [own]
    names = [*_NEEDED]
    for room in ("broker", "viewer"):
        folder = os.path.join(os.path.dirname(own), room)
        if os.path.isdir(os.path.join(folder, f"headway_{room}")):  # in a checkout
            found.append(folder)
        else:
            names.append(f"headway_{room}")
    searched = _searched()
    programs = _of_the_program()
    others = [path for path in searched if os.path.realpath(path) not in programs]
    needed = {_folder_of(name, others) or _folder_of(name, searched, whole=True) for name in names}
    found += [path for path in searched if path in needed]
    known = _known_to(python)
    return [path for path in dict.fromkeys(found) if os.path.realpath(path) not in known]


def _searched() -> list[str]:
    found = []
    for path in list(sys.path):
        try:
            found.append(os.path.abspath(path))
        except (OSError, TypeError) as error:  # the working directory is gone; it is no text
            reraise_async(error)
    return found


def _of_the_program() -> set[str]:
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = {os.path.dirname(os.path.realpath(script))} if script else set()
    try:
        folders.add(os.path.realpath(os.getcwd()))
    except OSError as error:  # it is gone
        reraise_async(error)
    return folders


def _folder_of(name: str, searched: list[str], *, whole: bool = False) -> str | None:
    """Return the folder of `searched` that has the module, with `whole` only as a package.

    The module is not imported.
    """
    try:
        spec = importlib.machinery.PathFinder.find_spec(name, searched)
    except Exception as error:  # an import hook of the program's
        reraise_async(error)
        return None
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    places = spec.submodule_search_locations
    if places:
        return os.path.dirname(os.path.abspath(next(iter(places))))
    return None if whole else os.path.dirname(os.path.abspath(spec.origin))


def _known_to(python: str) -> set[str]:
    """Return the site-packages folders that `python` searches by itself."""
    site = sys.modules.get("site")
    own = python == sys.executable or os.path.dirname(python) in interpreter.folders()
    if site is None or not own:
        return set()
    return {os.path.realpath(path) for path in getattr(site, "getsitepackages", list)()}
