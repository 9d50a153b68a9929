"""Find the broker, or start it; start helpers that the program will hardly notice.

Clients connect first and start a broker only where nobody listens. Of many that find this
at the same time one gets the start lock, starts the broker and hands it the lock, which is
free again when that ends; the others wait for the socket. Nothing here waits: `endpoint`
looks once.
"""

from __future__ import annotations

import errno
import fcntl
import importlib.machinery
import os
import socket
import stat
import subprocess
import sys
import time

from headway.host import interpreter, reaping
from headway.host.propagation import environment
from headway.host.spool import start_lock
from headway.protocol.endpoint import (
    REPORT,
    EndpointRefused,
    NoRuntimeDirectory,
    NotMade,
    named_socket,
    runtime_directory,
    user_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

# /bin/sh puts the helper into the background and leaves: the helper's parent is then init, so
# that it is no child of the program's.
_SHELL = ("/bin/sh", "-c", '"$0" "$@" &')


def directory(environ: Mapping[str, str], uid: int, *, make: bool = True) -> str:
    """The runtime directory of the broker that `uid` uses; raises `NoRuntimeDirectory`."""
    return runtime_directory(environ, user_of(environ, uid), make=make)


def endpoint(environ: Mapping[str, str], uid: int, *, start: bool = True) -> str | None:
    """Where the broker listens ("ipc://…"), or None while nobody does.

    With `start` a broker is started where there is none, unless `HEADWAY_BROKER=never`; it
    will listen in a moment, and this is to be called again. `HEADWAY_ENDPOINT` names one
    that somebody else has started. Raises `NoRuntimeDirectory`.
    """
    user = user_of(environ, uid)
    named = named_socket(environ)
    if named is not None:
        return "ipc://" + named if listening(named, user) else None
    place = directory(environ, uid, make=start)
    path = os.path.join(place, REPORT)
    if listening(path, user):
        return "ipc://" + path
    if start and environ.get("HEADWAY_BROKER", "").lower() != "never":
        start_broker(environ, uid, place)
    return None


def listening(path: str, user: int) -> bool:
    """Whether somebody listens on the socket at `path`, which belongs to `user`."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid not in (user, 0):
        return False
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.setblocking(False)
        probe.connect(path)
    except OSError as error:
        # A full backlog is somebody who is busy, or stopped, but there.
        return error.errno in (errno.EAGAIN, errno.EINPROGRESS)
    finally:
        probe.close()
    return True


RESTART = 1.0  # seconds between two brokers that one process starts

_next_start = float("-inf")
_lock: int | None = None  # the start lock, while this process holds it


def start_broker(environ: Mapping[str, str], uid: int, place: str) -> bool:
    """Start a broker for the directory `place`, unless one runs or was started just now.

    None is started where no Python certainly can run it.
    """
    global _lock, _next_start  # noqa: PLW0603 - a process has one runtime directory

    user = user_of(environ, uid)
    if time.monotonic() < _next_start:
        return False
    python = interpreter.find(environ)
    if python is None:
        return False
    _lock = start_lock(place, user)
    try:
        try:
            fcntl.flock(_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        if listening(os.path.join(place, REPORT), user):
            return False
        _next_start = time.monotonic() + RESTART
        command = [python.path, "-m", "headway_broker", "run", "--detached"]
        spawn(command, environ, foreign=python.foreign, user=user, keep=(_lock,))
    finally:
        _let_go()
    return True


def _let_go() -> None:
    """Close our copy of the start lock; a forked child has one too, and would keep it."""
    global _lock  # noqa: PLW0603
    if _lock is not None:
        os.close(_lock)
        _lock = None


os.register_at_fork(after_in_child=_let_go)


def spawn(
    argv: list[str],
    environ: Mapping[str, str],
    *,
    foreign: bool = False,
    user: int | None = None,
    terminal: bool = False,
    keep: tuple[int, ...] = (),
) -> None:
    """Start `argv` detached: it outlives this process, which need not wait for it.

    It finds our modules and what they need, and none of the program's own; a `foreign` Python
    finds what was installed for it. With `terminal` it keeps standard error and the session, in
    a process group of its own; otherwise it has neither. For another `user` (a root process
    under sudo) it becomes that user. It inherits the descriptors `keep`. Raises OSError.
    """
    child = environment(environ)
    child.pop("HEADWAY_PARENT", None)
    child.pop("PYTHONPATH", None)
    interpreter.leave_bundle(child)
    if foreign:
        child.pop("PYTHONHOME", None)
    modules = [] if foreign else _modules(argv[0])
    if modules:
        child["PYTHONPATH"] = os.pathsep.join(modules)
    command = [*_SHELL, *argv]
    if user is not None and user != os.geteuid():
        command = [*_SHELL, argv[0], "-c", _BECOME, str(user), *argv[1:]]
        for name in ("HOME", "USER", "LOGNAME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            child.pop(name, None)
    if terminal:
        command[2] = '"$0" "$@" </dev/null >/dev/null &'
        # A group of its own: what is typed at the terminal is for the program.
        command = [argv[0], "-c", _APART, *command] if argv[0] else command
    reaping.run(
        lambda: subprocess.Popen(  # noqa: S603 - our own modules
            command,
            cwd="/",
            env=child,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if terminal else subprocess.DEVNULL,
            start_new_session=not terminal,
            pass_fds=keep,
        )
    )


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


# What helpers import that the standard library lacks.
_NEEDED = ("zmq", "msgpack", "rich", "plyer", "typing_extensions")


def _modules(python: str) -> list[str]:
    """The folders that a helper run by `python` has to be told of, as this program has them.

    They come ahead of its standard library, so there are only those with something that it
    needs, and none that it knows by itself. The program's own folder and the working one,
    which may hold a `random.py`, are not among them unless what is needed is nowhere else.
    """
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
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
        except (OSError, TypeError):  # the working directory is gone; it is no text
            pass
    return found


def _of_the_program() -> set[str]:
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = {os.path.dirname(os.path.realpath(script))} if script else set()
    try:
        folders.add(os.path.realpath(os.getcwd()))
    except OSError:  # it is gone
        pass
    return folders


def _folder_of(name: str, searched: list[str], *, whole: bool = False) -> str | None:
    """Where in `searched` the module is, with `whole` only if it is a package; not imported."""
    try:
        spec = importlib.machinery.PathFinder.find_spec(name, searched)
    except Exception:  # an import hook of the program's
        return None
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    places = spec.submodule_search_locations
    if places:
        return os.path.dirname(os.path.abspath(next(iter(places))))
    return None if whole else os.path.dirname(os.path.abspath(spec.origin))


def _known_to(python: str) -> set[str]:
    """The folders that `python` finds by itself, after its standard library."""
    site = sys.modules.get("site")
    own = python == sys.executable or os.path.dirname(python) in interpreter.folders()
    if site is None or not own:
        return set()
    return {os.path.realpath(path) for path in getattr(site, "getsitepackages", list)()}


__all__ = [
    "EndpointRefused",
    "NoRuntimeDirectory",
    "NotMade",
    "directory",
    "endpoint",
    "listening",
    "spawn",
    "start_broker",
]
