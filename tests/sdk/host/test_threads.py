"""Threads that the program does not meet."""

from __future__ import annotations

import _thread
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from machine import until

from headway.host import threads


def seen_inside(look):
    """What `look()` returns in a hidden thread."""
    found = []
    done = _thread.allocate_lock()
    done.acquire()

    def run():
        found.append(look())
        done.release()

    threads.start(run)
    assert done.acquire(timeout=10)
    return found[0]


def test_it_is_in_no_list_of_threads():
    before = threading.enumerate()
    assert seen_inside(lambda: threading.enumerate() == before)


def test_it_blocks_every_signal_that_can_be_blocked():
    blocked = seen_inside(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    assert {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP} <= blocked


def test_who_starts_it_blocks_what_it_blocked_before():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    seen_inside(lambda: None)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_the_programs_own_code_takes_signals_there_as_elsewhere():
    def look():
        threads.unblock_signals()
        return signal.pthread_sigmask(signal.SIG_BLOCK, ())

    assert seen_inside(look) == signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_threads_are_tried_and_gone_again():
    def running():
        with open("/proc/self/status") as file:
            return int(next(line for line in file if line.startswith("Threads:")).split()[1])

    before = running()
    assert threads.can_start(3)
    until(lambda: running() <= before, "their end")


def test_where_no_thread_is_to_be_had_that_is_said(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    assert not threads.can_start(1)


def test_green_threads_are_told_from_real_ones(monkeypatch):
    assert threads.possible()
    monkeypatch.setattr(threads.time, "sleep", lambda seconds: None)
    assert not threads.possible()


def test_a_handler_that_raises_meanwhile_leaves_no_signal_blocked(monkeypatch):
    class Interrupted(BaseException):
        pass

    real = threads.signals.pthread_sigmask
    before = real(signal.SIG_BLOCK, ())

    def mask(how, some):
        found = real(how, some)
        if how == signal.SIG_BLOCK and some:
            raise Interrupted
        return found

    monkeypatch.setattr(threads.signals, "pthread_sigmask", mask)
    try:
        threads.start(lambda: None)
    except Interrupted:
        pass
    assert real(signal.SIG_BLOCK, ()) == before


def test_beside_the_end_of_a_program_other_threads_are_late(monkeypatch):
    naps = []
    monkeypatch.setattr(threads, "sleep", naps.append)
    ours = []
    lock = threads.ClosingLock(threading.RLock(), lambda: ours[0] if ours else None)

    def take():
        with lock:
            return len(naps)

    assert take() == 0  # the one that ends it
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(take).result() == 1
        ours.append(pool.submit(threading.get_ident).result())
        assert pool.submit(take).result() == 1
    assert naps == [threads.LATE]
