"""Whether other processes live: a notice of each death, through one descriptor to poll.

Linux gives a descriptor per process (pidfd), macOS a kernel event; elsewhere, and where
descriptors run out, `Deaths.poll` looks at the pids when it is called. A process's start
time tells it from a later one of the same pid.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import sys

from headway_broker.state.process_image import ProcessImage

_PIDFD_OPEN = 434  # the same number on every architecture of Linux but alpha
LOOK_EVERY = 1.0  # seconds between looks at processes without a descriptor


def boot_id() -> str | None:
    """What names this boot of the machine: monotonic clocks agree where it does."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read().decode().strip()
    except OSError:
        return None


_PARENT, _STARTED, _CODE, _CODE_END, _STACK = 4, 22, 26, 27, 28  # as proc(5) numbers them


def _facts(pid: int, *numbers: int) -> list[int] | None:
    """These fields of the kernel's line about a process, or None where they cannot be read."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
        # The second, its name, may hold spaces and brackets: the third follows its end.
        fields = stat[stat.rindex(b")") + 2 :].split()
        return [int(fields[number - 3]) for number in numbers]
    except (OSError, ValueError, IndexError):
        return None


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None where that cannot be read."""
    facts = _facts(pid, _STARTED)
    return facts[0] if facts else None


def process_image(pid: int) -> ProcessImage | None:
    """Which program a process runs now; None where the kernel does not say."""
    facts = _facts(pid, _STARTED, _CODE, _CODE_END, _STACK)
    found = ProcessImage(*facts) if facts else None
    return found if found and found.stack else None  # 0: not for us, or it has ended


def line_of(pid: int, longest: int = 64) -> list[int]:
    """A process and those it descends from, nearest first; itself alone where none can be read."""
    line = [pid]
    while len(line) < longest:
        facts = _facts(line[-1], _PARENT)
        if facts is None or facts[0] <= 1:
            break
        line.append(facts[0])
    return line


def resident(pid: int | None = None) -> int | None:
    """Bytes of memory a process holds, or None where that cannot be read."""
    try:
        with open(f"/proc/{pid or 'self'}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def alive(pid: int, started: int | None) -> bool:
    """Whether the process that started then still runs; a zombie does not."""
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


class Deaths:
    """Watches processes by a name of the caller's, and tells which have died.

    `descriptor` becomes readable when one has; it is None where nothing can be polled.
    `looking` says that `poll` has to be called every `LOOK_EVERY` seconds as well.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        self._kqueue = select.kqueue() if hasattr(select, "kqueue") else None
        self._named: dict[int, str] = {}  # descriptor, or pid with kqueue → name
        self._handles: dict[str, int] = {}  # the other way
        self._looked_at: dict[str, tuple[int, int | None]] = {}
        self._dead: list[str] = []
        source = self._epoll or self._kqueue
        self.descriptor: int | None = source.fileno() if source is not None else None

    @property
    def looking(self) -> bool:
        """Some processes are only known to have died when they are looked at."""
        return bool(self._looked_at or self._dead)

    def watch(self, name: str, pid: int, started: int | None) -> None:
        """Watch a process under a name; one that is gone already is told by `poll`."""
        self.unwatch(name)
        try:
            handle = self._open(name, pid)
        except ProcessLookupError:
            self._dead.append(name)
            return
        except OSError:
            handle = None
        # Only a look after the descriptor was opened proves whose it is.
        if not alive(pid, started):
            self._dead.append(name)
            self.unwatch(name, keep_dead=True)
        elif handle is None:
            self._looked_at[name] = (pid, started)

    def unwatch(self, name: str, *, keep_dead: bool = False) -> None:
        """Forget a process."""
        self._looked_at.pop(name, None)
        if not keep_dead and name in self._dead:
            self._dead.remove(name)
        handle = self._handles.pop(name, None)
        if handle is None:
            return
        self._named.pop(handle, None)
        if self._epoll is not None:
            os.close(handle)  # which takes it off the epoll set too
        elif self._kqueue is not None:
            self._change(handle, "KQ_EV_DELETE")

    def poll(self) -> list[str]:
        """The names of those that have died since the last call."""
        dead, self._dead = self._dead, []
        if self._epoll is not None:
            handles = [handle for handle, _ in self._epoll.poll(0)]
        elif self._kqueue is not None:
            handles = [event.ident for event in self._kqueue.control(None, 64, 0)]
        else:
            handles = []
        dead += [self._named[handle] for handle in handles if handle in self._named]
        dead += [name for name, who in self._looked_at.items() if not alive(*who)]
        for name in dead:
            self.unwatch(name)
        return dead

    def close(self) -> None:
        """Give all descriptors back."""
        for name in list(self._handles):
            self.unwatch(name)
        for source in (self._epoll, self._kqueue):
            if source is not None:
                source.close()

    def _open(self, name: str, pid: int) -> int | None:
        if self._epoll is not None:
            handle = _pidfd_open(pid)
            self._epoll.register(handle, select.EPOLLIN)
        elif self._kqueue is not None:
            handle = pid
            self._change(pid, "KQ_EV_ADD")
        else:
            return None
        self._named[handle] = name
        self._handles[name] = handle
        return handle

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
