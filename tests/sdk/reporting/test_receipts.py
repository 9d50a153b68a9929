"""What a program itself prints of its ended operations, where no viewer has."""

import contextlib
import fcntl
import os
import select
import termios
import time

import pytest

import headway
from headway.host import identity
from headway.host.files import printed_ends
from headway.host.files.printed_ends import PrintedEnds
from headway.host.files.terminal_locks import FRONT, REGION, VIEWER, TerminalLock, open_file
from headway.reporting import receipts
from headway.reporting.receipts import LEAST_SECONDS, PENDING_LIMIT

LONG = 2 * LEAST_SECONDS


def soon():
    """A deadline that no test here reaches."""
    return time.monotonic() + 60.0


@pytest.fixture
def screen(tmp_path, monkeypatch):
    """A terminal that is standard error's: `screen()` is what was printed there."""
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("CI", raising=False)
    master, slave = os.openpty()
    monkeypatch.setattr(identity, "terminal", lambda: os.ttyname(slave))
    monkeypatch.setattr(receipts, "is_of_pool", lambda ended: True)  # nothing is printed at once

    def read():
        written = b""
        while select.select([master], [], [], 0)[0]:
            written += os.read(master, 65536)
        return written.decode()

    read.descriptor = slave
    yield read
    os.close(master)
    os.close(slave)


def test_what_no_viewer_has_printed_the_program_prints_once(reporter, end, screen):
    end("Install")
    end("Fetch", state="failed")
    reporter.receipts.print_pending(soon())
    shown = screen()
    assert shown.count("Install  1 s") == 1
    assert shown.count("Fetch  failed after 1 s") == 1
    reporter.receipts.print_pending(soon())
    assert screen() == ""


def test_what_a_viewer_has_printed_the_program_does_not(reporter, end, screen):
    made = end()
    PrintedEnds(screen.descriptor).claim([made.id])
    reporter.receipts.print_pending(soon())
    assert screen() == ""


def test_what_a_viewer_has_answered_is_not_owed_but_for_what_is_too_short_for_it(
    reporter, end, screen
):
    reporter.receipts.least = 0.0
    long, short = end("Long"), end("Short", LEAST_SECONDS / 2)
    reporter.receipts.answered([long.id, short.id])
    reporter.receipts.print_pending(soon())
    shown = screen()
    assert "Short" in shown
    assert "Long" not in shown


@pytest.fixture
def alone(monkeypatch, screen):
    """The program is no worker of a pool, so it prints at once what ends."""
    monkeypatch.setattr(receipts, "is_of_pool", lambda ended: False)


@pytest.mark.usefixtures("alone")
def test_an_end_is_printed_before_what_the_program_prints_next(reporter, end, screen, clock):
    end("Install")
    os.write(screen.descriptor, b"next\n")
    for _ in headway.track([1], "Loop"):
        clock.advance(LONG)
    os.write(screen.descriptor, b"last\n")
    shown = screen()
    places = [shown.index(words) for words in ("Install  1 s", "next", "Loop", "last")]
    assert places == sorted(places)
    reporter.receipts.print_pending(soon())
    assert screen() == ""


@pytest.mark.usefixtures("alone")
def test_what_the_terminal_does_not_take_at_once_is_left_to_the_viewer(reporter, end, screen):
    os.set_blocking(screen.descriptor, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(screen.descriptor, b"." * 4096)
    end()
    screen()
    assert len(reporter.receipts.pending()) == 1
    reporter.receipts.print_pending(soon())
    assert screen().count("Work  1 s") == 1


@pytest.fixture
def room(monkeypatch, screen):
    """Lets terminals take so many bytes of a write, and then none until it is called again."""
    left = 0
    original = os.write

    def write(descriptor, data):
        nonlocal left
        if not os.isatty(descriptor):
            return original(descriptor, data)
        if not left:
            raise BlockingIOError
        taken = original(descriptor, bytes(data[:left]))
        left -= taken
        return taken

    def set_room(number):
        nonlocal left
        left = number

    monkeypatch.setattr(os, "write", write)
    return set_room


@pytest.mark.usefixtures("alone", "waits")
def test_what_the_terminal_takes_a_part_of_is_pending_and_claimed_by_nobody(
    reporter, end, screen, room
):
    room(90)  # the 80 spaces that lead to a fresh line, and a part of the receipt
    made = end("Install")
    assert list(reporter.receipts.pending()) == [made.id]
    assert made.id not in PrintedEnds(screen.descriptor)
    screen()
    room(4096)
    reporter.receipts.print_pending(soon())
    assert screen().count("Install  1 s") == 1
    assert reporter.receipts.pending() == {}
    assert made.id in PrintedEnds(screen.descriptor)


@pytest.mark.usefixtures("waits")
def test_an_exit_gives_back_what_the_terminal_has_not_taken_whole(reporter, end, screen, room):
    made = [end(name) for name in ("First", "Second", "Third")]
    room(80 + len("\r\x1b[K") + len("✓ First  1 s\r\n".encode()) + 5)
    reporter.receipts.print_pending(soon())
    assert "First  1 s" in screen()
    assert list(reporter.receipts.pending()) == [made[1].id, made[2].id]
    printed = PrintedEnds(screen.descriptor)
    assert [one.id in printed for one in made] == [True, False, False]


@pytest.mark.usefixtures("alone", "waits")
def test_what_cannot_be_given_back_this_program_prints_all_the_same(
    reporter, end, screen, room, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(PrintedEnds, "release", lambda printed, operations, timeout: False)
        end("Install")
    screen()
    room(4096)
    reporter.receipts.print_pending(soon())
    assert screen().count("Install  1 s") == 1
    reporter.receipts.print_pending(soon())
    assert screen() == ""


@pytest.mark.usefixtures("alone", "waits")
def test_while_another_process_claims_an_end_is_left_to_the_viewer(reporter, end, screen):
    other = open_file(screen.descriptor, printed_ends.FILE)
    fcntl.flock(other, fcntl.LOCK_EX)
    made = end()
    os.close(other)
    assert screen() == ""
    assert list(reporter.receipts.pending()) == [made.id]
    assert made.id not in PrintedEnds(screen.descriptor)


@contextlib.contextmanager
def foreign(screen, monkeypatch):
    """The terminal is another user's, as behind su: it cannot be opened, but is standard error."""
    name = os.ttyname(screen.descriptor)
    original = os.open

    def refused(path, *arguments, **options):
        if path == name:
            raise PermissionError(path)
        return original(name if path == "/dev/tty" else path, *arguments, **options)

    saved = os.dup(2)
    os.dup2(screen.descriptor, 2)
    monkeypatch.setattr(os, "open", refused)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


@pytest.mark.usefixtures("alone")
def test_nothing_is_printed_where_the_terminal_could_block_the_program(
    reporter, end, screen, monkeypatch
):
    with foreign(screen, monkeypatch):
        made = end()
        assert list(reporter.receipts.pending()) == [made.id]
        with contextlib.suppress(OSError):
            reporter.receipts.print_pending(soon())
    assert screen() == ""


@pytest.mark.usefixtures("alone")
def test_another_users_terminal_that_controls_us_is_written_to_without_blocking(
    reporter, end, screen, monkeypatch
):
    monkeypatch.setattr(os, "tcgetpgrp", lambda descriptor: os.getpgrp())
    blocking = []
    original = os.write

    def write(descriptor, data):
        if os.isatty(descriptor):
            blocking.append(os.get_blocking(descriptor))
        return original(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with foreign(screen, monkeypatch):
        made = end()
    assert screen().count("Work  1 s") == 1
    assert made.id in PrintedEnds(screen.descriptor)
    assert blocking == [False]


@pytest.mark.usefixtures("alone")
def test_no_receipt_is_printed_into_a_password(reporter, end, screen):
    modes = termios.tcgetattr(screen.descriptor)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(screen.descriptor, termios.TCSANOW, modes)
    end()
    assert screen() == ""
    assert len(reporter.receipts.pending()) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"seconds": LEAST_SECONDS / 2},
        {"display": "quiet"},
        {"display": "plain"},
        {"parent": "abc/1"},
    ],
)
def test_what_leaves_no_receipt_leaves_none_here_either(reporter, end, screen, options):
    end(**options)
    reporter.receipts.print_pending(soon())
    assert screen() == ""


def test_a_loop_that_is_to_leave_nothing_leaves_nothing(reporter, clock, screen):
    for _ in headway.track([1], "Loop", leave=False):
        clock.advance(LONG)
    reporter.judge_open()
    reporter.receipts.print_pending(soon())
    assert screen() == ""


def test_an_attempt_that_is_run_again_leaves_one_receipt(reporter, end, clock, screen):
    made = end(state="failed")
    made.start()
    clock.advance(LONG)
    made.complete()
    reporter.receipts.print_pending(soon())
    shown = screen()
    assert "failed" not in shown
    assert shown.count("Work") == 1


def test_nothing_is_printed_beside_a_full_screen_program(reporter, end, screen):
    modes = termios.tcgetattr(screen.descriptor)
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(screen.descriptor, termios.TCSANOW, modes)
    end()
    reporter.receipts.print_pending(soon())
    assert screen() == ""


def test_where_headway_view_shows_it_nothing_is_printed(reporter, end, screen):
    front = TerminalLock(screen.descriptor, FRONT)
    assert front.acquire()
    made = end()
    reporter.receipts.print_pending(soon())
    front.close()
    assert screen() == ""
    assert made.id in PrintedEnds(screen.descriptor)


def test_a_forked_child_prints_its_own_unless_somebody_draws(reporter, end, screen):
    region = TerminalLock(screen.descriptor, REGION)
    assert region.acquire()
    end("Drawn")
    reporter.receipts.print_pending(soon(), shared=True)
    assert screen() == ""
    region.close()
    end("Alone")
    reporter.receipts.print_pending(soon(), shared=True)
    assert screen().count("Alone  1 s") == 1


@pytest.mark.parametrize("kind", [REGION, VIEWER])
def test_who_draws_is_waited_for_and_nobody_where_nobody_does(
    reporter, end, screen, monkeypatch, kind
):
    end()
    assert not reporter.receipts.left_to_another()
    role = TerminalLock(screen.descriptor, kind)
    assert role.acquire()
    assert reporter.receipts.left_to_another()
    monkeypatch.setattr(identity, "terminal", lambda: None)  # as of a service, or in a pipe
    assert not reporter.receipts.left_to_another()
    role.close()


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"CI": "true"}, {"JPY_PARENT_PID": "1"}])
def test_a_terminal_that_cannot_show_a_picture_gets_none(
    reporter, end, screen, monkeypatch, environ
):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    end()
    reporter.receipts.print_pending(soon())
    assert screen() == ""


def test_no_more_than_the_latest_are_owed(reporter, end, screen):
    for number in range(PENDING_LIMIT + 5):
        end(f"Work {number:03}")
    reporter.receipts.print_pending(soon())
    shown = screen()
    assert "Work 004" not in shown
    assert "Work 005" in shown
    assert shown.count("Work") == PENDING_LIMIT


class Waits:
    """The clock of a module, which notes for how long it would have slept."""

    def __init__(self):
        self.slept = []

    def monotonic(self):
        return time.monotonic() + sum(self.slept)

    def sleep(self, seconds):
        self.slept.append(seconds)


@pytest.fixture
def waits(monkeypatch):
    clock = Waits()
    monkeypatch.setattr(printed_ends, "time", clock)
    monkeypatch.setattr(receipts, "time", clock)
    return clock


def test_an_exit_whose_time_is_over_waits_for_no_claim_and_prints_all_the_same(
    reporter, end, screen, waits
):
    end()
    other = open_file(screen.descriptor, printed_ends.FILE)
    fcntl.flock(other, fcntl.LOCK_EX)
    reporter.receipts.print_pending(time.monotonic() - 1.0)
    os.close(other)
    assert screen().count("Work") == 1
    assert waits.slept == []


def test_an_exit_whose_time_is_over_waits_for_no_terminal(
    reporter, end, screen, waits, monkeypatch
):
    os.set_blocking(screen.descriptor, False)
    while select.select([], [screen.descriptor], [], 0)[1]:
        os.write(screen.descriptor, b"x" * 4096)
    end()
    timeouts = []
    original = select.select

    def watched(reading, writing, other, timeout):
        timeouts.append(timeout)
        return original(reading, writing, other, 0)

    monkeypatch.setattr(select, "select", watched)
    reporter.receipts.print_pending(time.monotonic() - 1.0)
    assert timeouts == [0.0]
    assert waits.slept == []
