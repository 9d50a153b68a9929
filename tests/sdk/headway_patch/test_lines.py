import os
import pty
import socket
import threading

import pytest

from headway_patch import lines
from headway_patch.lines import Bar


@pytest.fixture
def server(monkeypatch, tmp_path):
    """What listens at HEADWAY_BARS; `lines()` returns what has come since."""
    path = str(tmp_path / "s")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    listening.settimeout(20)
    monkeypatch.setenv("HEADWAY_BARS", path)
    monkeypatch.setattr(lines, "_connection", None)
    accepted = []

    def read(until=None):
        if not accepted:
            accepted.append(listening.accept()[0])
            accepted[0].settimeout(20)
        data = b""
        while not data.endswith(b"\n") or (until and not data.endswith(until)):
            data += accepted[0].recv(1 << 16)
        found = data.decode().splitlines()
        return [line for line in found if line != f"child {os.getppid()}"]

    read.listening = listening
    yield read
    for one in [listening, *accepted]:
        one.close()
    if lines._connection is not None:
        lines._connection.finish()


def test_a_bar_says_what_is_new(server):
    bar = Bar("Load\x0b data", 10, "rows")
    for done in (1, 1, 2):
        bar.move(done, 10, "")
    bar.move(2, 12, "b\nc")
    bar.end("stop")
    bar.end("complete")
    bar.move(3, 12, "")
    assert server() == [
        "@1 stage Load data unit=rows total=10",
        "@1 done 1",
        "@1 done 2",
        "@1 total 12",
        "@1 detail b c",
        "@1 stop",
    ]


def test_a_bar_is_part_of_the_one_that_its_thread_iterates_over(server):
    outer = Bar("outer", None, None)
    outer.enter()
    inner = Bar("inner", None, None)
    inner.enter()
    made = []
    thread = threading.Thread(target=lambda: made.append(Bar("thread", None, None)))
    thread.start()
    thread.join()
    inner.leave()
    Bar("second", None, None)
    outer.leave()
    Bar("alone", None, None)
    assert [line.partition(" ")[0] for line in server()] == ["@1", "@2<1", "@3<2", "@4<1", "@5"]


@pytest.mark.parametrize("total", [None, float("nan"), float("inf"), 2**70, "10", object(), True])
def test_what_is_no_count_is_not_sent(server, total):
    bar = Bar("loop", total, None)
    bar.move(total, total, "")
    assert server() == ["@1 stage loop"]


class Unprintable:
    def __str__(self):
        raise ValueError("no text")


def test_a_name_without_a_text_is_a_bar_all_the_same(server):
    Bar(Unprintable(), None, None)
    assert server() == ["@1 stage items"]


def test_a_reader_that_does_not_read_costs_counts_and_no_time(server, monkeypatch):
    bar = Bar("loop", None, None)
    for done in range(1, 200_000):
        bar.move(done, None, "")
    bar.move(200_000, None, "", last=True)
    bar.end("complete")
    monkeypatch.setattr(lines, "EXIT_TIMEOUT", 20)
    flushing = threading.Thread(target=bar.connection.finish)
    flushing.start()
    got = server(until=b"@1 complete\n")
    flushing.join()
    assert got[0] == "@1 stage loop"
    assert "@1 done 200000" in got
    assert len(got) < 100_000


def test_where_nobody_listens_nothing_happens(server):
    server.listening.close()
    bar = Bar("loop", 3, None)
    bar.move(1, 3, "")
    bar.end("complete")
    assert not lines.connection().alive


def test_the_end_of_a_program_ends_what_is_open(server):
    bar = Bar("loop", 10, None)
    bar.look = lambda: bar.move(7, 10, "")
    Bar("other", None, None).end("complete")
    bar.connection.finish()
    assert server()[-2:] == ["@1 done 7", "@1 stop"]


def test_a_forked_child_connects_by_itself_and_ends_nothing_of_its_parents(server):
    bar = Bar("parent", None, None)
    assert server() == ["@1 stage parent"]
    pid = os.fork()
    if pid == 0:
        bar.end("complete")
        Bar("child", None, None)
        os._exit(0)
    os.waitpid(pid, 0)
    bar.move(1, None, "")
    assert server() == ["@1 done 1"]
    child = server.listening.accept()[0]
    assert child.recv(100) == f"child {os.getpid()}\n@1 stage child\n".encode()
    child.close()


def test_only_the_terminal_that_headway_draws_on_is_drawn(server, monkeypatch):
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as file, os.fdopen(master, "r"):
        monkeypatch.setenv("HEADWAY_PATCH", "1")
        assert not lines.is_drawn(file)
        monkeypatch.setenv("HEADWAY_PATCH", os.ttyname(slave))
        assert lines.is_drawn(file)
        assert not lines.is_drawn(None)
        lines.connection().finish()
        assert not lines.is_drawn(file)  # nobody reads what is reported
