"""Whether a command waits for input from its terminal, told by the system call in which it is.

Nothing can be told of another user's processes (behind sudo), nor where the system forbids to look.
"""

from __future__ import annotations

import os
import struct

from headway.run.process.descendants import descendants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Container

_READ, _SELECT, _POLL = "read", "select", "poll"
_EPOLL = "epoll"
# The numbers of the system calls in which a process waits for input, by machine.
_CALLS = {
    "x86_64": {
        0: _READ, 19: _READ, 7: _POLL, 271: _POLL, 23: _SELECT, 270: _SELECT, 232: _EPOLL,
        281: _EPOLL, 441: _EPOLL,
    },
    "aarch64": {63: _READ, 65: _READ, 73: _POLL, 72: _SELECT, 22: _EPOLL, 441: _EPOLL},
}  # fmt: skip
_POLLED = struct.Struct("=ihh")  # descriptor, events asked for, events found
_POLLIN = 1
_SET_BYTES = 128  # of a set of descriptors


def waits_for_input(pid: int, terminals: Container[int], *, prompted: bool) -> bool | None:
    """Return whether a process of the command waits for input from one of the `terminals`.

    Those are devices. With `prompted`, it has printed an unfinished line: then a program counts
    that waits for events of several kinds, such as a server that also takes keys. None says that it
    cannot be told.
    """
    known = False
    for member in descendants(pid):
        waits = _waits(member, terminals, prompted)
        if waits:
            return True
        known = known or waits is not None
    return False if known else None


def _waits(pid: int, terminals: Container[int], prompted: bool) -> bool | None:
    calls = _CALLS.get(os.uname().machine)
    if calls is None:
        return None
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return None
    known = None
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/syscall", "rb") as file:
                words = file.read().split()
            known = False
            if len(words) < 5 or not words[0].isdigit():
                continue  # it runs
            how = calls.get(int(words[0]))
            if how is None:
                continue
            arguments = [int(word, 16) for word in words[1:7]]
            watched = _watched(pid, how, arguments, prompted)
            if any(_device(pid, descriptor) in terminals for descriptor in watched):
                return True
        except (OSError, ValueError, struct.error):
            continue
    return known


def _watched(pid: int, how: str, arguments: list[int], prompted: bool) -> list[int]:
    """Return the descriptors whose input a system call waits for, if it waits for nothing else."""
    if how == _READ:
        return arguments[:1]
    if how == _EPOLL:
        return _registered(pid, arguments[0]) if prompted else []
    if how == _POLL:
        polled = _memory(pid, arguments[0], _POLLED.size * min(arguments[1], 64))
        entries = _POLLED.iter_unpack(polled)
        found = [fd for fd, events, _ in entries if fd >= 0 and events & _POLLIN]
    else:
        size = min(_SET_BYTES, (arguments[0] + 7) // 8)
        bits = int.from_bytes(_memory(pid, arguments[1], size), "little") if arguments[1] else 0
        found = [fd for fd in range(arguments[0]) if bits >> fd & 1]
    return found if len(found) == 1 or prompted else []


def _registered(pid: int, descriptor: int) -> list[int]:
    with open(f"/proc/{pid}/fdinfo/{descriptor}", "rb") as file:
        return [int(line.split()[1]) for line in file if line.startswith(b"tfd:")]


def _memory(pid: int, address: int, size: int) -> bytes:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        file.seek(address)
        return file.read(size)


def _device(pid: int, descriptor: int) -> int:
    return os.stat(f"/proc/{pid}/fd/{descriptor}").st_rdev
