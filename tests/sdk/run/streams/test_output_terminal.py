from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import termios
import threading
import tty

import pytest

from headway.run.streams import pty_window
from headway.run.streams.output_terminal import OutputTerminal

FOREIGN = termios.ICANON | termios.ECHO


@pytest.fixture(autouse=True)
def _from_the_beginning(monkeypatch):
    """The rows for a viewer are taken off at once."""
    monkeypatch.setattr(pty_window, "WHOLE_SECONDS", 0.0)


def size(fd):
    return struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))[:2]


@pytest.fixture
def real(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    yield slave
    os.close(master)
    os.close(slave)


@pytest.fixture
def before(real, tmp_path):
    tmp_path.chmod(0o700)
    attributes = termios.tcgetattr(real)
    attributes[0] &= ~termios.IXON
    termios.tcsetattr(real, termios.TCSANOW, attributes)
    return termios.tcgetattr(real)


@pytest.fixture
def make(real, before):
    made = []

    def make(reserved=True):
        made.append(OutputTerminal(real, reserved))
        return made[-1]

    yield make
    for terminal in made:
        terminal.restore()
        os.close(terminal.master)
        os.close(terminal.slave)


def test_it_has_the_modes_of_the_terminal(make, before):
    assert termios.tcgetattr(make().slave) == before


def test_of_other_output_modes_it_has_the_newlines_alone(make, real):
    attributes = termios.tcgetattr(real)
    attributes[1] |= termios.OCRNL
    termios.tcsetattr(real, termios.TCSANOW, attributes)
    assert termios.tcgetattr(make().slave)[1] == termios.OPOST | termios.ONLCR
    attributes[1] &= ~termios.ONLCR
    termios.tcsetattr(real, termios.TCSANOW, attributes)
    assert termios.tcgetattr(make().slave)[1] == 0


def test_a_command_that_begins_while_its_shell_reads_keys_finds_a_usual_terminal(make, real):
    tty.setcbreak(real)
    assert termios.tcgetattr(make().slave)[3] & FOREIGN == FOREIGN


def test_what_the_command_sets_there_is_the_terminals_until_it_is_given_back(make, real, before):
    terminal = make()
    tty.setcbreak(terminal.slave)
    assert terminal.may_write()
    assert not termios.tcgetattr(real)[3] & FOREIGN
    terminal.restore()
    assert termios.tcgetattr(real) == before


def test_who_sets_usual_modes_again_has_given_them_back_itself(make, real, before):
    terminal = make()
    usual = termios.tcgetattr(terminal.slave)
    tty.setcbreak(terminal.slave)
    terminal.follow()
    assert terminal.changed
    termios.tcsetattr(terminal.slave, termios.TCSANOW, usual)
    terminal.follow()
    assert not terminal.changed
    assert termios.tcgetattr(real) == before


def test_newlines_stay_the_terminals_until_the_command_wants_every_byte(make, real):
    terminal = make()
    tty.setcbreak(terminal.slave)
    terminal.follow()
    assert termios.tcgetattr(real)[1] & termios.OPOST
    tty.setraw(terminal.slave)
    terminal.follow()
    assert not termios.tcgetattr(real)[1] & termios.OPOST


def test_what_a_command_changes_and_restores_by_its_input_beside_that_is_its_own(make, real):
    # As nano does, around what curses does through the output.
    terminal = make()
    before, usual = termios.tcgetattr(real), termios.tcgetattr(terminal.slave)
    tty.setraw(real)
    tty.setraw(terminal.slave)
    terminal.follow()
    termios.tcsetattr(terminal.slave, termios.TCSANOW, usual)
    termios.tcsetattr(real, termios.TCSANOW, before)
    terminal.follow()
    terminal.restore()
    assert termios.tcgetattr(real) == before


def test_what_a_person_has_set_meanwhile_stays(make, real):
    terminal = make()
    tty.setcbreak(terminal.slave)
    terminal.follow()
    attributes = termios.tcgetattr(real)
    attributes[3] |= termios.TOSTOP
    termios.tcsetattr(real, termios.TCSANOW, attributes)
    terminal.restore()
    assert termios.tcgetattr(real)[3] & (FOREIGN | termios.TOSTOP) == FOREIGN | termios.TOSTOP


def test_one_at_a_time_changes_the_modes(make, real, before):
    first, second = make(), make()
    for terminal in (first, second):
        tty.setcbreak(terminal.slave)
        terminal.follow()
    assert (first.changed, second.changed) == (True, False)
    first.restore()
    second.follow()
    assert second.changed
    second.restore()
    assert termios.tcgetattr(real) == before


def test_what_a_killed_one_has_left_is_given_back_by_the_next(make, real, before):
    pid = os.fork()
    if pid == 0:
        killed = OutputTerminal(real, True)
        tty.setcbreak(killed.slave)
        killed.follow()
        os._exit(0)
    os.waitpid(pid, 0)
    assert not termios.tcgetattr(real)[3] & FOREIGN
    terminal = make()
    tty.setcbreak(terminal.slave)
    terminal.follow()
    terminal.restore()
    assert termios.tcgetattr(real) == before


def test_in_the_background_the_command_is_told_so_and_writes_nothing(
    make, real, before, monkeypatch
):
    monkeypatch.setattr(OutputTerminal, "foreground", False)
    told = []
    terminal = make()
    terminal.signal_command = told.append
    assert terminal.may_write()
    tty.setcbreak(terminal.slave)
    assert not terminal.may_write()
    assert not terminal.may_write()
    assert told == [signal.SIGTTOU]
    assert termios.tcgetattr(real) == before


def test_who_is_stopped_in_the_background_writes_nothing_meanwhile_and_is_told_again(
    make, monkeypatch
):
    monkeypatch.setattr(OutputTerminal, "foreground", False)
    told = []
    terminal = make()
    terminal.signal_command = told.append
    tty.setcbreak(terminal.slave)
    terminal.follow()
    terminal.restore()
    assert not terminal.may_write()
    terminal.follow()  # before it is continued: a signal to stop would be undone
    assert told == [signal.SIGTTOU]
    assert not terminal.may_write()
    assert told == [signal.SIGTTOU] * 2


def test_what_is_written_after_the_modes_are_given_back_does_not_take_them_again(
    make, real, before
):
    terminal = make()
    tty.setcbreak(terminal.slave)
    terminal.follow()
    terminal.restore()
    assert terminal.may_write()
    assert termios.tcgetattr(real) == before
    terminal.follow()
    assert not termios.tcgetattr(real)[3] & FOREIGN


def test_output_waits_for_modes_that_are_just_being_set(make, real, monkeypatch):
    terminal = make()
    tty.setcbreak(terminal.slave)
    setting, go_on, written = threading.Event(), threading.Event(), threading.Event()
    change = terminal._change

    def change_slowly(attributes):
        setting.set()
        go_on.wait(20)
        change(attributes)

    def write():
        terminal.may_write()
        written.set()

    monkeypatch.setattr(terminal, "_change", change_slowly)
    threads = [threading.Thread(target=terminal.follow)]
    threads[0].start()
    assert setting.wait(20)
    threads.append(threading.Thread(target=write))
    threads[1].start()
    early = written.wait(0.2)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert (early, written.is_set()) == (False, True)
    assert not termios.tcgetattr(real)[3] & FOREIGN


def test_it_is_as_high_as_what_is_above_a_viewer_while_nobody_reads_single_keys(make, real):
    terminal = make()
    terminal.follow_size()
    assert size(terminal.slave) == (20, 100)
    tty.setcbreak(real)
    terminal.follow_size()
    assert size(terminal.slave) == (30, 100)


def test_where_nothing_is_drawn_it_has_all_rows(make):
    assert size(make(reserved=False).slave) == (30, 100)


def test_a_new_size_is_followed_and_told(make, real):
    told = []
    terminal = make()
    terminal.signal_command = told.append
    terminal.resize()
    assert told == []
    fcntl.ioctl(real, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 40, 0, 0))
    terminal.resize()
    assert size(terminal.slave) == (8, 40)
    assert told == [signal.SIGWINCH]


def test_margins_that_are_owed_in_the_background_are_reset_in_the_foreground(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)
    master, slave = os.openpty()
    terminal = OutputTerminal(slave, True)
    tty.setraw(slave)
    terminal.follow_size()
    monkeypatch.setattr(OutputTerminal, "foreground", False)
    terminal.restore()
    assert not select.select([master], [], [], 0)[0]
    monkeypatch.setattr(OutputTerminal, "foreground", True)
    terminal.restore()
    assert select.select([master], [], [], 0)[0]
    assert b"\x1b[r" in os.read(master, 4096)
    for descriptor in (master, slave, terminal.master, terminal.slave):
        os.close(descriptor)
