"""A process without a controlling terminal: it opens none, and the keys still signal it."""

from __future__ import annotations

import os
import select
import signal

from headway.run.process.controlling_terminal import give_up_terminal


def _opens_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _act(told: int) -> None:
    """Say, of a leader and of its child, who can open the terminal; the child waits for a key."""
    give_up_terminal()  # a leader keeps it
    if os.fork():
        os.wait()
        os._exit(0)
    had = _opens_terminal()
    give_up_terminal()

    def leave(*_: object) -> None:
        os.write(told, b"key")
        os._exit(0)

    signal.signal(signal.SIGINT, leave)
    os.write(told, b"%d%d." % (had, _opens_terminal()))
    while True:  # the key may have come before a wait for it
        select.select([], [], [], 0.1)


def test_who_gives_up_the_terminal_cannot_open_it_and_has_its_signals():
    heard, told = os.pipe()
    pid, master = os.forkpty()
    if pid == 0:
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            _act(told)
        finally:
            os._exit(1)
    os.close(told)
    try:
        assert os.read(heard, 9) == b"10."
        os.write(master, b"\x03")
        assert os.read(heard, 9) == b"key"
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        os.close(heard)
        os.close(master)
