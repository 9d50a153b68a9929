"""Whether a command waits for input, told by the system call in which it is.

Nothing can be told of another user's processes (behind sudo), nor where the system forbids to look.
"""

from __future__ import annotations

import os
import struct
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Container, Iterable

    from headway.run.kernel.looks import ProcessLooks

# Seconds between two looks: at first and while it waits, so that an answer is seen; then longer
# and longer. A look costs a tenth of a millisecond and more with every process.
SOONEST_SECONDS = 0.25
LATEST_SECONDS = 4.0
_READ, _SELECT, _POLL, _PPOLL, _EPOLL = "read", "select", "poll", "ppoll", "epoll"
# The numbers of the system calls in which a process waits for input, by machine.
_CALLS = {
    "x86_64": {
        0: _READ, 19: _READ, 7: _POLL, 271: _PPOLL, 23: _SELECT, 270: _SELECT, 232: _EPOLL,
        281: _EPOLL, 441: _EPOLL,
    },
    "aarch64": {63: _READ, 65: _READ, 73: _PPOLL, 72: _SELECT, 22: _EPOLL, 441: _EPOLL},
}  # fmt: skip
_POLLED = struct.Struct("=ihh")  # descriptor, events asked for, events found
_POLLIN = 1
_INT = 0xFFFFFFFF  # -1 as an argument of four bytes
_SET_BYTES = 128  # of a set of descriptors


class InputWatch:
    """Looks whether a command waits for input from one of the `terminals`, their devices.

    Its processes are those of the last of `looks`, which are told what this one has cost.

    Its standard input may be a pipe or socket, `pipe` as (device, inode): by that somebody answers
    what it asks, such as ssh without a terminal. A filter reads one, too, and asks nothing.

    While it does not, it is looked at less and less often: most silent commands just work.
    """

    def __init__(
        self,
        looks: ProcessLooks,
        terminals: Container[int],
        pipe: tuple[int, int] | None = None,
    ) -> None:
        self._looks = looks
        self._terminals = terminals
        self._pipe = pipe
        self._found: bool | None = None
        self._interval = SOONEST_SECONDS
        self._next = 0.0

    def restart(self) -> None:
        """Look again soon: it has printed something."""
        self._interval, self._next = SOONEST_SECONDS, 0.0

    def look(self, now: float, *, prompted: bool, asked: bool) -> bool | None:
        """Return whether it waits, as last looked at; None where that cannot be told.

        `prompted`: its unfinished line may be a prompt; `asked`: its words are those of one.
        """
        if now >= self._next:
            pipe = self._pipe if asked else None
            began = time.thread_time()
            members = self._looks.members
            self._found = waits_for_input(members, self._terminals, pipe, prompted=prompted)
            self._looks.spend(time.thread_time() - began, now)
            self._interval = (
                SOONEST_SECONDS if self._found else min(2 * self._interval, LATEST_SECONDS)
            )
            self._next = now + self._interval
        return self._found


def waits_for_input(
    members: Iterable[int],
    terminals: Container[int],
    pipe: tuple[int, int] | None = None,
    *,
    prompted: bool,
) -> bool | None:
    """Return whether one of these processes waits for input from a terminal or that pipe.

    `terminals` are devices, `pipe` a device and inode. With `prompted`, it has printed an
    unfinished line: then a program counts that waits for events of several kinds, such as a server
    that also takes keys. None says that it cannot be told.
    """

    def answers(status: os.stat_result) -> bool:
        return status.st_rdev in terminals or (status.st_dev, status.st_ino) == pipe

    found = [_waits(member, answers, prompted) for member in members]
    return True if True in found else None if None in found else False


def _waits(pid: int, answers: Callable[[os.stat_result], bool], prompted: bool) -> bool | None:
    calls = _CALLS.get(os.uname().machine)
    if calls is None:
        return None
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/syscall", "rb") as file:
                words = file.read().split()
            how = calls.get(int(words[0])) if words[:1] and words[0].isdigit() else None
            if how is None:
                continue  # it runs, or waits for something else
            watched = _watched(pid, how, [int(word, 16) for word in words[1:7]], prompted)
            if any(answers(os.stat(f"/proc/{pid}/fd/{descriptor}")) for descriptor in watched):
                return True
    except (FileNotFoundError, ProcessLookupError):
        return False  # it has just ended
    except (OSError, ValueError, IndexError, struct.error):
        return None
    return False


def _watched(pid: int, how: str, arguments: list[int], prompted: bool) -> list[int]:
    """Return the descriptors whose input a system call waits for, and for nothing else.

    With a prompt on the screen it may wait for other things too, or for a time only.
    """
    if how == _READ:
        return arguments[:1]
    if how == _EPOLL:
        return _registered(pid, arguments[0]) if prompted else []
    if how in (_POLL, _PPOLL):
        timed = arguments[2] if how == _PPOLL else arguments[2] & _INT != _INT
        polled = _memory(pid, arguments[0], _POLLED.size * min(arguments[1], 64))
        entries = _POLLED.iter_unpack(polled)
        found = [fd for fd, events, _ in entries if fd >= 0 and events & _POLLIN]
    else:
        timed = arguments[4]
        size = min(_SET_BYTES, (arguments[0] + 7) // 8)
        bits = int.from_bytes(_memory(pid, arguments[1], size), "little") if arguments[1] else 0
        found = [fd for fd in range(arguments[0]) if bits >> fd & 1]
    return found if prompted or (len(found) == 1 and not timed) else []


def _registered(pid: int, descriptor: int) -> list[int]:
    with open(f"/proc/{pid}/fdinfo/{descriptor}", "rb") as file:
        return [int(line.split()[1]) for line in file if line.startswith(b"tfd:")]


def _memory(pid: int, address: int, size: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        file.seek(address)
        return file.read(size)
