"""Hide our child processes from the program's `os.wait*()` calls.

A program that waits for any child and counts those it is told of would count one too many.
"""

from __future__ import annotations

import os
import time
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import Popen
    from typing import Any, Callable

# Seconds for which a pid is remembered as ours after somebody else has reaped it: a wrapped call
# in another thread may be about to ask. Not for ever: the system gives the pid to another process.
REAPED_MEMORY = 5.0

_ENDS = (1, 2, 3)  # CLD_EXITED, _KILLED and _DUMPED, not all of which `os` has before 3.9

_ours: dict[int, float] = {}  # pid -> until when
_lock = RLock()  # held while a child of ours is started: its pid is not known yet
_wrapped = False
_reap = os.waitpid


def run(begin: Callable[[], Popen[Any]]) -> None:
    """Start a child process by `begin()` and reap it. Raise what `begin` raises."""
    with _lock:
        _forget_old()
        process = begin()
        _ours[process.pid] = float("inf")
    process.returncode = 0  # or `Popen` would reap it, too
    if _ended(process.pid):
        _ours.pop(process.pid, None)
    elif process.pid in _ours:  # a wait of the program reaped it, and asks us whose it was
        _ours[process.pid] = time.monotonic() + REAPED_MEMORY


def _forget_old() -> None:  # no loop stands in the `with` (test_swallowing)
    for pid in [pid for pid, until in _ours.items() if until < time.monotonic()]:
        del _ours[pid]


def hide() -> None:
    """Wrap the functions of `os` that wait for any child; call it before the first `run`."""
    global _wrapped  # noqa: PLW0603 - one `os` per process
    if _wrapped:
        return
    _wrapped = True
    for name in ("wait", "wait3", "wait4", "waitpid", "waitid"):
        real = getattr(os, name, None)
        if real is not None:
            setattr(os, name, _without_ours(name, real))


def _without_ours(name: str, wait: Callable[..., Any]) -> Callable[..., Any]:
    keeps = getattr(os, "WNOWAIT", 0)  # leaves the child to be reaped by another call

    def wait_for_the_programs(*arguments: Any, **named: Any) -> Any:
        if not _is_for_any(name, arguments, named):
            return wait(*arguments, **named)
        while True:
            found = wait(*arguments, **named)
            pid = found.si_pid if hasattr(found, "si_pid") else found[0] if found else 0
            if not pid or not is_ours(pid, ended=_tells_of_an_end(found)):
                return found
            if name == "waitid" and arguments[2] & keeps:
                _ended(pid)  # or the next call would return it again

    wait_for_the_programs.__name__ = wait.__name__
    wait_for_the_programs.__doc__ = wait.__doc__
    return wait_for_the_programs


def _is_for_any(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Return whether a call waits for any child, or for any of a process group."""
    if name in ("wait", "wait3"):
        return True
    if name == "waitid":
        return len(arguments) == 3 and arguments[0] in (os.P_ALL, os.P_PGID)
    pid = arguments[0] if arguments else named.get("pid")
    return isinstance(pid, int) and pid <= 0


def _tells_of_an_end(found: Any) -> bool:
    if hasattr(found, "si_code"):
        return found.si_code in _ENDS
    return os.WIFEXITED(found[1]) or os.WIFSIGNALED(found[1])


def is_ours(pid: int, *, ended: bool) -> bool:
    """Return whether a child is one of ours; forget it where it has `ended`."""
    with _lock:
        return time.monotonic() < (_ours.pop if ended else _ours.get)(pid, 0.0)


def _ended(pid: int) -> bool:
    """Reap a child; return False if another call has reaped it."""
    try:
        _reap(pid, 0)
    except ChildProcessError:
        return False
    return True


def _forget() -> None:
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = RLock()
    _ours.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
