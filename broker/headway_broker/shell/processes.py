"""Processes of the machine: their death, their ancestors, their memory, and their program.

Death is notified through one descriptor to poll: a pidfd for each process in an epoll set on
Linux, a kernel event on macOS. Elsewhere, and where descriptors run out, `Deaths.poll` looks at
the pids when it is called. How a process died is told where the kernel tells it. The start time
tells a process from a later one with the same pid. Pids are those of the broker's pid namespace;
the kernel reports a peer of another one as pid 0, which cannot be watched.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import sys
from typing import NamedTuple

from headway.host.process_status import (
    CODE,
    CODE_END,
    PARENT,
    STACK,
    STARTED,
    STATE,
    start_time,
    status_fields,
    wait_status,
)
from headway_broker.state.process_image import ProcessImage

_PIDFD_OPEN = 434  # the same number on every architecture of Linux but alpha
# Seconds between looks at processes without a descriptor: a death is noticed that much later.
LOOK_EVERY = 1.0
DESCRIPTORS_LIMIT = 10_000  # processes that are watched by a descriptor


def boot_id() -> str | None:
    """Return the id of this boot, under which all monotonic clocks agree; None if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read().decode().strip()
    except OSError:
        return None


def process_image(pid: int) -> ProcessImage | None:
    """Return the image of the program that a process runs; None if the kernel hides it."""
    fields = status_fields(pid)
    if fields is None or len(fields) <= STACK:
        return None
    found = ProcessImage(*(int(fields[at]) for at in (STARTED, CODE, CODE_END, STACK)))
    return found if found.stack else None  # 0: hidden from us, or the process has ended


def run_state(pid: int) -> str | None:
    """Return the state of a process as a letter of proc(5): T stopped, t traced; None if unread."""
    fields = status_fields(pid)
    return None if fields is None else fields[STATE]


def is_running(pid: int, started: int) -> bool:
    """Return whether the process with this pid and start time has not ended.

    One that has, and that nobody has waited for, is alive for the kernel.
    """
    fields = status_fields(pid)
    if fields is None:
        return alive(pid, None)  # hidden from us, or gone
    return int(fields[STARTED]) == started and fields[STATE] not in ("Z", "X")


def line_of(pid: int, longest: int = 64) -> list[int]:
    """Return the pids of a process and its ancestors, nearest first, at most `longest`."""
    line = [pid]
    while len(line) < longest:
        fields = status_fields(line[-1])
        if fields is None or int(fields[PARENT]) <= 1:
            break
        line.append(int(fields[PARENT]))
    return line


def resident(pid: int | None = None) -> int | None:
    """Return the resident memory of a process (None: this one) in bytes; None if unreadable."""
    try:
        with open(f"/proc/{pid or 'self'}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def alive(pid: int, started: int | None) -> bool:
    """Return whether the process with this pid and start time runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    except OSError:
        return True
    return started is None or start_time(pid) in (None, started)


def _pidfd_open(pid: int) -> int:
    opener = getattr(os, "pidfd_open", None)
    if opener is not None:
        return int(opener(pid))
    if sys.platform != "linux" or os.uname().machine == "alpha":
        raise OSError(errno.ENOSYS, "no pidfd here")
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(_PIDFD_OPEN, pid, 0)
    if descriptor < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    os.set_inheritable(descriptor, False)
    return int(descriptor)


class _Process(NamedTuple):
    """A process: its pid, and its start time where that is known."""

    pid: int
    started: int | None


class Death(NamedTuple):
    """The death of a process: the name that it was watched under, and its wait status if known."""

    name: str
    status: int | None = None


class Deaths:
    """Watches processes, each under a name of the caller's, and tells which have died.

    `descriptor` becomes readable when one has; it is None where nothing can be polled.
    """

    def __init__(self, limit: int = DESCRIPTORS_LIMIT) -> None:
        """Keep at most `limit` descriptors; further processes are looked at."""
        self._limit = limit
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        self._kqueue = select.kqueue() if hasattr(select, "kqueue") else None
        # A process has one handle (descriptor, or pid with kqueue) however many names it has.
        self._handles: dict[_Process, int] = {}
        self._processes: dict[int, _Process] = {}  # the other way
        self._names: dict[_Process, dict[str, None]] = {}
        self._watched: dict[str, _Process] = {}
        self._looked_at: dict[_Process, None] = {}
        self._dead: list[Death] = []
        source = self._epoll or self._kqueue
        self.descriptor: int | None = source.fileno() if source is not None else None

    @property
    def looking(self) -> bool:
        """Return whether `poll` has to be called every `LOOK_EVERY` seconds as well."""
        return bool(self._looked_at or self._dead)

    def watch(self, name: str, pid: int, started: int | None) -> None:
        """Watch a process under a name; one that has ended already is returned by `poll`."""
        self.unwatch(name)
        process = _Process(pid, start_time(pid) if started is None else started)
        if process not in self._names:
            try:
                handle = self._open(process)
            except ProcessLookupError:
                self._dead.append(Death(name))
                return
            except OSError:
                handle = None
            # The pid may have been reused before pidfd_open: only a start time read afterwards
            # proves whose descriptor it is.
            if not alive(*process):
                self._dead.append(Death(name))
                self._close(process)
                return
            if handle is None:
                self._looked_at[process] = None
        self._names.setdefault(process, {})[name] = None
        self._watched[name] = process

    def unwatch(self, name: str) -> None:
        """Stop watching a process under this name."""
        self._dead = [death for death in self._dead if death.name != name]
        process = self._watched.pop(name, None)
        if process is None:
            return
        names = self._names[process]
        del names[name]
        if not names:
            del self._names[process]
            self._close(process)

    def poll(self) -> list[Death]:
        """Return the deaths since the last call."""
        dead, self._dead = self._dead, []
        if self._epoll is not None:
            handles = [handle for handle, _ in self._epoll.poll(0)]
        elif self._kqueue is not None:
            handles = [event.ident for event in self._kqueue.control(None, 64, 0)]
        else:
            handles = []
        ended = [self._processes[handle] for handle in handles if handle in self._processes]
        ended += [process for process in self._looked_at if not alive(*process)]
        for process in ended:
            status = wait_status(*process, self._handles.get(process) if self._epoll else None)
            dead += [Death(name, status) for name in self._names[process]]
        for death in dead:
            self.unwatch(death.name)
        return dead

    def close(self) -> None:
        """Close all descriptors."""
        for name in list(self._watched):
            self.unwatch(name)
        for source in (self._epoll, self._kqueue):
            if source is not None:
                source.close()

    def _open(self, process: _Process) -> int | None:
        if len(self._handles) >= self._limit:
            return None
        if self._epoll is not None:
            handle = _pidfd_open(process.pid)
            try:
                self._epoll.register(handle, select.EPOLLIN)
            except OSError:
                os.close(handle)
                raise
        elif self._kqueue is not None:
            handle = process.pid
            self._change(handle, "KQ_EV_ADD")
        else:
            return None
        self._processes[handle] = process
        self._handles[process] = handle
        return handle

    def _close(self, process: _Process) -> None:
        self._looked_at.pop(process, None)
        handle = self._handles.pop(process, None)
        if handle is None:
            return
        del self._processes[handle]
        if self._epoll is not None:
            # Before: a copy of the descriptor elsewhere would keep it in the set, under a number
            # that the next process gets.
            try:
                self._epoll.unregister(handle)
            finally:
                os.close(handle)
        elif self._kqueue is not None:
            self._change(handle, "KQ_EV_DELETE")

    def _change(self, pid: int, flag: str) -> None:
        # Named at run time, for only BSDs have them.
        event = select.kevent(  # pyright: ignore[reportAttributeAccessIssue]
            pid,
            filter=getattr(select, "KQ_FILTER_PROC"),  # noqa: B009
            flags=getattr(select, flag),
            fflags=getattr(select, "KQ_NOTE_EXIT"),  # noqa: B009
        )
        try:
            self._kqueue.control([event], 0, 0)  # pyright: ignore[reportOptionalMemberAccess]
        except ProcessLookupError:
            if flag == "KQ_EV_ADD":
                raise
