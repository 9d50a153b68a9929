"""What the processes of a command have done, by the kernel's counts."""

from __future__ import annotations

import os
import subprocess
import sys

from machine import until

from headway.run.kernel import work
from headway.run.kernel.process_tree import Status, walk
from headway.run.kernel.work import WorkCounter

BUSY = "import time; t = time.process_time()\nwhile time.process_time() < t + .2: pass"
READ = 1 << 20


def status(cpu):
    return Status("sh", "R", 1, 1, 0, cpu, 1)


def test_what_children_did_that_were_waited_for_is_in_it(tmp_path):
    data = tmp_path / "data"
    data.write_bytes(bytes(READ))
    script = f"{sys.executable} -c '{BUSY}'; cat {data} > {tmp_path}/copy; echo done; read x"
    process = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"done\n"
        counts = WorkCounter(0.0).take(walk(process.pid), 1.0)
        assert counts.cpu >= 0.2
        assert counts.read >= READ
        assert counts.written >= READ
    finally:
        process.communicate()


def test_it_is_sampled_now_and_then():
    counter = WorkCounter(0.0)
    found = walk(os.getpid())
    taken = [at / 10 for at in range(21) if counter.take(found, at / 10)]
    assert taken == [0.0, 0.5, 1.0, 1.5, 2.0]
    long = [at / 10 for at in range(1000, 1021) if counter.take(found, at / 10)]
    assert long == [100.0, 101.0, 102.0]


def test_what_was_counted_stands_when_a_process_takes_its_counts_with_it(monkeypatch):
    monkeypatch.setattr(work, "bytes_of", lambda pid: (100 * pid, pid))
    counter = WorkCounter(0.0)
    first = counter.take({1: status(100), 2: status(300)}, 1.0)
    second = counter.take({1: status(110)}, 2.0)
    assert first == second == (4.0 * 100 / os.sysconf("SC_CLK_TCK"), 300, 3)


def test_of_processes_whose_bytes_cannot_be_read_the_processor_time_is_left(monkeypatch):
    monkeypatch.setattr(work, "bytes_of", lambda pid: None)
    counts = WorkCounter(0.0).take({1: status(100)}, 1.0)
    assert counts.cpu > 0
    assert (counts.read, counts.written) == (None, None)


def test_once_a_process_is_met_whose_bytes_are_hidden_those_of_the_others_are_not_told(monkeypatch):
    monkeypatch.setattr(work, "bytes_of", lambda pid: None if pid == 2 else (100, 10))
    monkeypatch.setattr(work, "_is_hidden", lambda pid: True)
    counter = WorkCounter(0.0)
    assert counter.take({1: status(100)}, 1.0).read == 100
    assert counter.take({1: status(100), 2: status(50)}, 2.0).read is None
    assert counter.take({1: status(200)}, 3.0)[1:] == (None, None)


def test_a_process_that_has_gone_hides_nothing(monkeypatch):
    process = subprocess.Popen(["true"])
    process.wait()
    monkeypatch.setattr(work, "bytes_of", lambda pid: None if pid == process.pid else (100, 10))
    counter = WorkCounter(0.0)
    assert counter.take({1: status(100), process.pid: status(50)}, 1.0).read == 100


def test_of_a_command_that_is_gone_nothing_is_told():
    process = subprocess.Popen(["true"])
    process.wait()
    until(lambda: not walk(process.pid))
    assert WorkCounter(0.0).take(walk(process.pid), 1.0) is None
