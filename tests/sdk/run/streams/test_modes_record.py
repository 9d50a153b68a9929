from __future__ import annotations

import os
import termios

import pytest

from headway.run.streams.modes_record import ModesRecord

DEVICE = os.makedev(136, 7)


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def attributes():
    master, slave = os.openpty()
    yield termios.tcgetattr(slave)
    os.close(master)
    os.close(slave)


def test_what_one_process_wrote_another_of_its_session_reads(attributes):
    ModesRecord(DEVICE, os.getpid()).write(attributes)
    assert ModesRecord(DEVICE, os.getpid()).read() == attributes


def test_of_another_session_on_a_terminal_of_that_name_nothing_is_read(attributes):
    ModesRecord(DEVICE, os.getpid()).write(attributes)
    assert ModesRecord(DEVICE, os.getppid()).read() is None


def test_what_was_given_back_is_forgotten(directory, attributes):
    record = ModesRecord(DEVICE, os.getpid())
    record.write(attributes)
    record.remove()
    assert record.read() is None
    assert list(directory.iterdir()) == []


def test_a_damaged_record_is_none(directory, attributes):
    record = ModesRecord(DEVICE, os.getpid())
    record.write(attributes)
    (file,) = directory.iterdir()
    file.write_bytes(b"\x28\xff")
    assert record.read() is None
