"""Two machines on a bad network: namespaces that are made for it, with packets lost and late.

A namespace each, with a point-to-point device (TUN) whose packets a thread here takes over to the
other: late, and some never. The kernels of both sides do the rest, as on a real line: they send
again, and wait longer each time. Needs root and /dev/net/tun.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time

ADDRESSES = ("10.213.0.1", "10.213.0.2")
_NEW_NET = 0x40000000
_TUN_SET = 0x400454CA
_PLAIN_PACKETS = 0x0001 | 0x1000  # IFF_TUN, IFF_NO_PI


def usable():
    """Whether namespaces and devices can be made here."""
    return os.geteuid() == 0 and os.access("/dev/net/tun", os.W_OK)


class LossyNetwork:
    """Delays each packet by `delay` seconds, and loses the share `loss` of them.

    `enter` are the words before a command that runs it on one side, 0 or 1.
    """

    def __init__(self, delay, loss, seed=1):
        self.delay, self.loss = delay, loss
        self.passed = self.lost = 0
        self._chance = random.Random(seed)
        self._closing = threading.Event()
        self._sides = [_Side(number) for number in (0, 1)]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def enter(self, side):
        return ["nsenter", f"--net={self._sides[side].namespace}", "--"]

    def close(self):
        self._closing.set()
        self._thread.join()
        for side in self._sides:
            side.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self):
        ends = [side.device for side in self._sides]
        waiting = []
        while not self._closing.is_set():
            for end in select.select(ends, [], [], self._pause(waiting))[0]:
                packet = os.read(end, 1 << 16)
                if self._chance.random() < self.loss:
                    self.lost += 1
                    continue
                self.passed += 1
                other = ends[end == ends[0]]
                heapq.heappush(waiting, (time.monotonic() + self.delay, self.passed, other, packet))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, other, packet = heapq.heappop(waiting)
                os.write(other, packet)

    def _pause(self, waiting):
        return min(max(waiting[0][0] - time.monotonic(), 0), 0.1) if waiting else 0.1


class _Side:
    """A namespace, which a thread that waits holds open, and the device in it."""

    def __init__(self, number):
        self._number = number
        self._made, self._done = threading.Event(), threading.Event()
        self._trouble = None
        self._thread = threading.Thread(target=self._hold)
        self._thread.start()
        self._made.wait()
        if self._trouble is not None:
            self._thread.join()
            raise self._trouble

    def close(self):
        self._done.set()
        self._thread.join()

    def _hold(self):
        try:
            self._make()
        except (OSError, subprocess.CalledProcessError) as error:
            self._trouble = error
            self._made.set()
            return
        self._made.set()
        self._done.wait()
        os.close(self.device)

    def _make(self):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_NEW_NET):  # of this thread alone
            raise OSError(ctypes.get_errno(), "unshare")
        self.namespace = f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net"
        self.device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.device, _TUN_SET, struct.pack("16sH", b"line", _PLAIN_PACKETS))
        here, there = ADDRESSES[self._number], ADDRESSES[1 - self._number]
        for words in (
            ["link", "set", "lo", "up"],
            ["addr", "add", here, "peer", there, "dev", "line"],
            ["link", "set", "line", "up"],
        ):
            subprocess.run(["ip", *words], check=True, capture_output=True)
