from __future__ import annotations

import os
import stat

from headway.host.files.terminal_locks import REGION, VIEWER, TerminalLock


def test_one_has_a_role_until_it_gives_it_up(terminal):
    first, second = TerminalLock(terminal, VIEWER), TerminalLock(terminal, VIEWER)
    assert first.acquire()
    assert not second.acquire()
    assert second.is_taken()
    first.release()
    assert second.acquire()


def test_looking_whether_a_role_is_taken_does_not_take_it(terminal):
    first, second = TerminalLock(terminal, VIEWER), TerminalLock(terminal, VIEWER)
    assert not first.is_taken()
    assert second.acquire()


def test_two_roles_of_a_terminal_and_one_of_two_terminals_are_independent(terminal):
    other_master, other = os.openpty()
    assert TerminalLock(terminal, VIEWER).acquire()
    assert TerminalLock(terminal, REGION).acquire()
    assert TerminalLock(other, VIEWER).acquire()
    os.close(other_master)
    os.close(other)


def test_whoever_inherits_the_file_has_the_role_too(terminal):
    first = TerminalLock(terminal, VIEWER)
    assert first.acquire()
    inherited = os.dup(first.fileno())
    first.close()
    assert TerminalLock(terminal, VIEWER).is_taken()
    os.close(inherited)
    assert not TerminalLock(terminal, VIEWER).is_taken()


def test_the_next_holder_reads_how_many_rows_are_reserved(terminal):
    TerminalLock(terminal, REGION).record(12)
    assert TerminalLock(terminal, REGION).rows == 12
    TerminalLock(terminal, REGION).record(3)
    assert TerminalLock(terminal, REGION).rows == 3


def test_what_another_session_has_recorded_does_not_count(terminal, tmp_path):
    TerminalLock(terminal, REGION).record(12)
    (path,) = (tmp_path / "run" / "terminals").iterdir()
    path.write_bytes(path.read_bytes().replace(str(os.getsid(0)).encode(), b"7", 1))
    assert TerminalLock(terminal, REGION).rows == 0


def test_its_files_are_closed_to_others(terminal, tmp_path):
    TerminalLock(terminal, REGION)
    folder = tmp_path / "run" / "terminals"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


def test_without_a_runtime_directory_every_role_is_free(terminal, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", "/proc/none")
    first, second = TerminalLock(terminal, REGION), TerminalLock(terminal, REGION)
    assert first.acquire()
    assert second.acquire()
    first.record(5)
    assert first.rows == 5
