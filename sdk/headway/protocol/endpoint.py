"""The directories and sockets of a user's broker, from an environment and a uid.

The runtime directory is private to one user: it exists, is a directory and no link, belongs
to the user and is closed to everyone else, or it is not used. Absent: sockets, and reading
the environment, which is an argument.
"""

from __future__ import annotations

import errno
import os
import stat

from headway.async_exceptions import reraise_async
from headway.protocol.permissions import open_to_owner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

REPORT = "report.sock"  # the broker's ROUTER
FOLLOW = "follow.sock"  # the broker's XPUB
LOCK = "broker.lock"  # held by the broker for its whole life
# Left by `headway uninstall`: programs that had begun before it report no more. Without it they
# would make again what was removed, and start a broker.
UNINSTALLED = "uninstalled"
SPOOL = "unsent"  # the spool of what no broker has acknowledged; its name stays for older clients
PATH_LIMIT = 100  # bytes of a socket's path: the kernel takes 107, a temporary name needs some

NETWORK = "tcp://"  # how an endpoint on a network begins
NAMED_LIMIT = 107  # bytes of a socket's path that somebody else has made
HOST_LIMIT = 255  # characters of a host's name
PORTS = 1 << 16
SHOWN = 60  # characters of a value that are shown


class NoRuntimeDirectory(OSError):
    """There is no private runtime directory; the text says which were tried and why not."""


class NotMade(NoRuntimeDirectory):
    """There is no runtime directory yet, but one can be made: no broker runs."""


class EndpointRefused(NoRuntimeDirectory):
    """`HEADWAY_ENDPOINT` names what nothing is sent to; the text says why, and what to do."""


class Uninstalled(NoRuntimeDirectory):
    """Headway was uninstalled after this program had begun: it makes nothing again."""


# By runtime directory that this process has used, the mark that was there when it first did.
_first_marks: dict[str, tuple[int, int] | None] = {}


def refuse_uninstalled() -> None:
    """Raise `Uninstalled` where that was done since this process first used its directory."""
    for directory, first in _first_marks.items():
        _refuse_changed(directory, first)


def _heeding(directory: str) -> str:
    """Return a runtime directory. Raise `Uninstalled`."""
    if directory not in _first_marks:
        _first_marks[directory] = _mark_in(directory)
    _refuse_changed(directory, _first_marks[directory])
    return directory


def _refuse_changed(directory: str, first: tuple[int, int] | None) -> None:
    mark = _mark_in(directory)
    if mark is not None and mark != first:
        raise Uninstalled("headway was uninstalled after this program had begun")


def _mark_in(directory: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(os.path.join(directory, UNINSTALLED))
    except OSError as error:
        reraise_async(error)
        return None
    return status.st_ino, status.st_mtime_ns


def user_of(environ: Mapping[str, str], uid: int) -> int:
    """Return the uid whose broker to use: under sudo, root reports to the user who called it."""
    if uid == 0:
        try:
            return int(environ.get("SUDO_UID", "0"))
        except ValueError:
            return 0
    return uid


def network_endpoint(environ: Mapping[str, str]) -> str | None:
    """Return the endpoint on a network that `HEADWAY_ENDPOINT` names as "tcp://HOST:PORT", or None.

    Raise `EndpointRefused` where it names none that can be connected to.
    """
    named = environ.get("HEADWAY_ENDPOINT")
    if not named or not named.startswith(NETWORK):
        return None
    try:
        host, port = split_network(named)
    except ValueError as error:
        raise _refused(named, str(error), "tcp://HOST:PORT") from None
    if host == "*" or not port:
        raise _refused(named, "nobody can connect to that", "tcp://HOST:PORT")
    return named


def split_network(named: str) -> tuple[str, int]:
    """Return host and port of "tcp://HOST:PORT". Raise ValueError."""
    host, _, port = named[len(NETWORK) :].rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    # libzmq would take a semicolon for what comes after a source address.
    known = bare == "*" or all(char.isalnum() or char in ".-_:%" for char in bare)
    if not named.startswith(NETWORK) or not bare or not known or len(host) > HOST_LIMIT:
        raise ValueError("it names no host")
    if ":" in host and bare is host:
        raise ValueError("an address of IPv6 stands in brackets")
    if not (port.isascii() and port.isdigit() and int(port[:6]) < PORTS - 1):
        raise ValueError(f"it names no port below {PORTS - 1}")
    return host, int(port)


def named_socket(environ: Mapping[str, str]) -> str | None:
    """Return the path that `HEADWAY_ENDPOINT` names as "/path" or "ipc:///path", or None.

    Whatever is no socket of this machine is refused, also an endpoint on a network: who may connect
    to one asks `network_endpoint` first. Raise `EndpointRefused`.
    """
    named = environ.get("HEADWAY_ENDPOINT")
    if not named:
        return None
    path = named[len("ipc://") :] if named.startswith("ipc://") else named
    against = None
    if named.startswith(NETWORK):
        against = "this needs the broker's own machine"
    elif not os.path.isabs(path):
        against = "it is no absolute path"
    elif len(os.fsencode(path)) > NAMED_LIMIT:
        against = "its path is too long for a socket"
    elif os.fsencode(path) != path.encode("utf-8", "replace"):
        against = "its path is not UTF-8"
    elif _is_no_socket(path):
        against = "that is no socket"
    if against is None:
        return path
    raise _refused(named, against, "the path of a socket of this machine")


def _refused(named: str, against: str, instead: str) -> EndpointRefused:
    shown = named if len(named) <= SHOWN else named[:SHOWN] + "…"
    return EndpointRefused(
        f"HEADWAY_ENDPOINT is {shown!r}: {against}; unset it, or set it to {instead}"
    )


def _is_no_socket(path: str) -> bool:
    """Return whether there is something at `path` that nobody can listen on."""
    try:
        return not stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError as error:
        reraise_async(error)
        return False  # nothing is there yet, or to be seen


def candidates(environ: Mapping[str, str], uid: int) -> list[tuple[str, str]]:
    """Return the runtime directories to try for `uid`, best first, each as (parent, directory).

    The parent has to exist already; the directory may be made. Places that every program of the
    user knows come before the one that only their session does (`XDG_RUNTIME_DIR`): so cron and the
    desktop agree also where there is no /run/user/UID.
    """
    named = environ.get("HEADWAY_RUNTIME_DIR")
    if named:
        named = os.path.abspath(named)
        return [(os.path.dirname(named), named)]
    run = f"/run/user/{uid}"
    found = [(run, f"{run}/headway"), ("/tmp", f"/tmp/headway-{uid}")]  # noqa: S108 - it is checked
    xdg = environ.get("XDG_RUNTIME_DIR")
    if xdg and os.path.isabs(xdg) and os.path.normpath(xdg) != run:
        found.append((xdg, os.path.join(xdg, "headway")))
    return found


def brokers(environ: Mapping[str, str], uid: int) -> list[str]:
    """Return the runtime directories of `uid` in which a broker has left its socket, best first.

    Whether it still listens is not looked at. More than one is what programs of other versions, or
    without /run/user/UID, have made of it.
    """
    return [
        directory
        for _, directory in candidates(environ, uid)
        if os.path.lexists(os.path.join(directory, REPORT))
        and reason_against(directory, uid) is None
    ]


def reason_against(directory: str, uid: int) -> str | None:
    """Return why `directory` is not private to `uid`, or None if it is."""
    try:
        status = os.lstat(directory)
    except OSError as error:
        reraise_async(error)
        return error.strerror or "cannot be looked at"
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link"
    if not stat.S_ISDIR(status.st_mode):
        return "is not a directory"
    if status.st_uid != uid:
        return f"belongs to uid {status.st_uid}, not {uid}"
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        return f"is open to others (mode {mode:04o}); it must be 0700"
    if mode & 0o700 != 0o700:
        return f"is closed to its owner (mode {mode:04o}); it must be 0700"
    return None


def runtime_directory(environ: Mapping[str, str], uid: int, *, make: bool = True) -> str:
    """Return the runtime directory for `uid`: that of a broker, else the first that is usable.

    It is made (0700) where `make` allows it; one that a umask has closed to its owner is opened
    to it.

    Raise `NoRuntimeDirectory`, whose text names every place that was tried and why it was
    not used, and without `make` `NotMade` where one could be made. Raise `Uninstalled`.
    """
    places = candidates(environ, uid)
    if len(places) > 1:  # a broker may have begun in the second when there was no first
        found = brokers(environ, uid)
        if found:
            return _heeding(found[0])
    tried: list[str] = []
    for parent, directory in places:
        shared = parent == "/tmp"  # noqa: S108 - only there may others own the parent
        if not shared and not environ.get("HEADWAY_RUNTIME_DIR"):
            against = reason_against(parent, uid)
            if against:
                tried.append(f"{parent}: {against}")
                continue
        if make:
            try:
                os.mkdir(directory, 0o700)
                if os.geteuid() == 0 and uid != 0:
                    _give(directory, uid)
            except FileExistsError:
                pass
            except OSError as error:
                reraise_async(error)
                tried.append(f"{directory}: cannot be made: {error.strerror}")
                continue
        elif not os.path.lexists(directory):
            cannot = _reason_against_making(parent, directory)
            if cannot is None:
                raise NotMade(f"no runtime directory has been made yet: {directory}")
            tried.append(f"{directory}: {cannot}")
            continue
        try:
            open_to_owner(directory, uid)
        except OSError as error:
            reraise_async(error)  # the reason follows
        against = reason_against(directory, uid) or _too_long(directory)
        against = against or _reason_against_writing(directory)
        if against is None:
            return _heeding(directory)
        tried.append(f"{directory}: {against}")
    raise NoRuntimeDirectory("no private runtime directory: " + "; ".join(tried))


def _too_long(directory: str) -> str | None:
    if len(os.fsencode(directory)) + len(REPORT) >= PATH_LIMIT:
        return "its path is too long for a socket"
    return None


def _reason_against_writing(directory: str) -> str | None:
    """Return why nothing can be made in a private directory where no broker is, or None."""
    if os.path.lexists(os.path.join(directory, REPORT)):
        return None  # whoever can connect need not write
    try:
        if os.statvfs(directory).f_flag & os.ST_RDONLY:
            return "is on a read-only file system"
    except OSError as error:
        reraise_async(error)
    return None


def _reason_against_making(parent: str, directory: str) -> str | None:
    """Return why `directory`, which is not there, could not be made or used, or None."""
    try:
        os.stat(os.path.join(parent, ""))  # its own reason: there is none, it is a file
    except OSError as error:
        reraise_async(error)
        return f"cannot be made: {error.strerror}"
    if not os.access(parent, os.W_OK | os.X_OK):
        read_only = os.statvfs(parent).f_flag & os.ST_RDONLY
        return "cannot be made: " + os.strerror(errno.EROFS if read_only else errno.EACCES)
    return _too_long(directory)


def _give(directory: str, uid: int) -> None:
    # By descriptor: where the user owns the parent, the path may be something else by now.
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid == 0:
            os.fchown(descriptor, uid, -1)
    finally:
        os.close(descriptor)


def state_directory(environ: Mapping[str, str], home: str) -> str:
    """Return where history is stored: `HEADWAY_STATE_DIR`, else below the XDG state directory."""
    named = environ.get("HEADWAY_STATE_DIR")
    if named:
        return os.path.abspath(named)
    xdg = environ.get("XDG_STATE_HOME")
    if not xdg or not os.path.isabs(xdg):
        xdg = os.path.join(home, ".local", "state")
    return os.path.join(xdg, "headway")


SECOND_SPOOL = "spool-"  # how the names begin of directories in that of the state


def second_spool(state: str, directory: str, host: str) -> str:
    """Return where the spool of a runtime directory goes on where that has no room any more.

    It is on another disk, in the state directory, which several hosts may share.
    """
    words = f"{host}{directory}".replace(os.sep, "-")
    return os.path.join(state, SECOND_SPOOL + words[-150:])
