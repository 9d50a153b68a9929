import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from machine import until

from headway.run.kernel.input_follower import InputFollower
from headway.run.kernel.open_files import open_files
from headway.run.kernel.process_tree import walk

SIZE = 64 << 20
STEP = 1 << 20
READER = f"""\
import sys
with open(sys.argv[1], "rb", buffering=0) as file:
    while sys.stdin.readline():
        file.read({STEP})
"""


class Reader:
    """A program that reads a step of its input whenever it is told to."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE)
        self.now = 0.0
        self.watch = InputFollower(self.process.pid, self.now)

    def looks(self, number):
        """Look as often, with a step between; the last look."""
        for _ in range(number):
            before = self.at()
            self.process.stdin.write(b"\n")
            self.process.stdin.flush()
            until(lambda before=before: self.at() > before or self.at() == 0, "a step")
            self.now += 31
            look = self.watch.take(walk(self.process.pid), self.now)
        return look

    def position(self):
        """Return how far it is in its file, or None before it has opened it."""
        files = open_files(self.process.pid)
        return next((file.position for file in files if file.size == SIZE), None)

    def at(self):
        try:
            with open(f"/proc/{self.process.pid}/io") as file:
                return int(file.readline().split()[1])
        except OSError:
            return 0


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data"
    with open(path, "wb") as file:
        file.truncate(SIZE)
    (tmp_path / "reader.py").write_text(READER)
    return path


def test_the_command_itself_is_the_whole(data):
    reader = Reader([sys.executable, "-S", "-E", str(data.parent / "reader.py"), str(data)])
    try:
        look = reader.looks(8)
        assert look.whole.total >= SIZE
        assert 0 < look.whole.done < SIZE
        assert look.inner == {}
    finally:
        reader.process.communicate()


def test_the_command_is_looked_at_from_the_first_look_on(data):
    reader = Reader([sys.executable, "-S", "-E", str(data.parent / "reader.py"), str(data)])
    try:
        found = []
        for position in (0, STEP, 2 * STEP, 3 * STEP):
            reader.process.stdin.write(b"\n" if position else b"")
            reader.process.stdin.flush()
            until(lambda position=position: reader.position() == position, "a step")
            reader.now += 31
            found.append(reader.watch.take(walk(reader.process.pid), reader.now).whole)
        assert [count is not None for count in found] == [False, False, True, True]
    finally:
        reader.process.communicate()


def test_it_is_looked_at_when_it_is_due(data):
    watch = InputFollower(os.getpid(), 0.0)
    found = walk(os.getpid())
    assert watch.take(found, 0.1) is None
    assert watch.take(found, 1.0) is not None
    assert watch.take(found, 1.01) is None


def test_a_process_of_a_script_is_no_whole(data):
    fifo = data.parent / "fifo"
    os.mkfifo(fifo)
    script = f"cat {shlex.quote(str(data))} > {shlex.quote(str(fifo))}; true"
    process = subprocess.Popen(["sh", "-c", script])
    try:
        with open(fifo, "rb") as out:
            watch, now, found = InputFollower(process.pid, 0.0), 0.0, []

            def looks():
                nonlocal now
                now += 31
                out.read(STEP)
                look = watch.take(walk(process.pid), now)
                found.append(look)
                return look.inner

            until(looks, "the count of cat")
            assert found[-1].inner["cat"].total == SIZE
            assert all(look.whole is None for look in found)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_of_a_command_that_is_gone_nothing_is_told():
    process = subprocess.Popen(["true"])
    process.wait()
    watch = InputFollower(process.pid, 0.0)
    assert watch.take(walk(process.pid), 1.0) is None
    assert watch.finished() is None


def test_when_a_process_began_is_told_of_those_that_began_with_the_command():
    before = time.monotonic()
    process = subprocess.Popen(["sleep", "60"])
    try:
        now, found = time.monotonic() + 1, walk(process.pid)
        began = InputFollower(process.pid, before).take(found, now)
        assert before <= began.since[""] <= now
        status = found[process.pid]
        older = {process.pid: status._replace(started=status.started - 10_000)}
        assert InputFollower(process.pid, before).take(older, now).since == {}
    finally:
        process.kill()
        process.wait()
