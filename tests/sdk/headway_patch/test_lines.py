import asyncio
import contextlib
import contextvars
import os
import pty
import socket
import sys
import threading
import types

import pytest

from headway_patch import exit_status, lines
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
        return [line for line in found if line.startswith("@")]

    read.listening = listening
    yield read
    for one in [listening, *accepted]:
        one.close()
    if lines._connection is not None:
        lines._connection.finish()


def test_bars_without_a_name_are_told_from_each_other_by_their_lines(server):
    for _ in range(2):
        Bar("", None, None)
    Bar(None, None, None)
    assert server() == ["@1 stage items", "@2 stage items", "@3 stage items 2"]


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


def test_bars_whose_count_lags_behind_are_looked_at_while_they_are_open(server):
    bars = [Bar(name, 9, None) for name in ("one", "left", "over", "exact")]
    for bar in bars[:3]:
        bar.look = lambda bar=bar: bar.move(5, 9, "")
        bar.lags = True
    bars[1].leave_early()
    bars[2].end("stop")
    connection = bars[0].connection
    assert connection.look()
    held = threading.Thread(target=connection.moving.acquire)
    held.start()
    held.join()
    bars[0].look = lambda: pytest.fail("another thread moves one")
    assert connection.look()
    connection.moving = type(connection.moving)()
    bars[0].end("stop")
    assert not connection.look()
    assert server()[4:] == ["@2 left", "@3 stop", "@1 done 5", "@1 stop"]


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


def test_bars_that_another_context_has_left_are_not_kept(server):
    def turn():
        bar = Bar("items", None, None)
        bar.enter()
        contextvars.Context().run(bar.leave)

    def turns():
        for _ in range(20):
            turn()
        (kept,) = contextvars.copy_context().values()
        assert len(kept) == 1

    contextvars.Context().run(turns)


def test_bars_of_tasks_and_threads_at_the_same_time_are_no_part_of_each_other(server):
    def run(target):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()

    async def loop(name, turns):
        bar = Bar(name, None, None)
        bar.enter()
        for _ in range(turns):
            await asyncio.sleep(0)
        Bar(f"in {name}", None, None)
        bar.leave()

    async def loops():
        await asyncio.gather(loop("b", 2), loop("c", 2))

    def tasks():
        outer = Bar("a", None, None)  # the first of the process is no main thread's
        outer.enter()
        asyncio.run(loops())
        run(lambda: Bar("d", None, None))
        outer.leave()

    run(tasks)
    told = [line.partition(" total")[0] for line in server()]
    assert told == [
        "@1 stage a",
        "@2<1 stage b",
        "@3<1 stage c",
        "@4<2 stage in b",
        "@5<3 stage in c",
        "@6 stage d",
    ]


@pytest.mark.parametrize("total", [None, float("nan"), float("inf"), 2**70, "10", object(), True])
def test_what_is_no_count_is_not_sent(server, total):
    bar = Bar("loop", total, None)
    bar.move(total, total, "")
    assert server() == ["@1 stage loop"]


class Unprintable:
    def __str__(self):
        raise ValueError("no text")


@pytest.mark.parametrize("name", [Unprintable(), None, ""])
def test_a_name_without_a_text_is_a_bar_all_the_same(server, name):
    Bar(name, None, None)
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
    assert server()[-2:] == ["@1 done 7", "@1 end"]


def left_loop(error=None):
    """A bar whose loop was left as a generator is closed, by an exception or by a break."""
    bar = Bar("loop", 10, None)

    def items():
        try:
            yield from range(10)
        finally:
            bar.close()

    of_library = types.FunctionType(
        items.__code__, {**globals(), "__name__": "tqdm.std"}, closure=items.__closure__
    )

    def loop():
        for item in of_library():
            bar.move(item, 10, "")
            if item == 4:
                if error is None:
                    break
                raise error

    return bar, loop


def test_a_loop_that_an_uncaught_exception_has_left_has_failed(server, monkeypatch):
    bar, loop = left_loop(ValueError("no row"))
    with pytest.raises(ValueError, match="no row") as caught:
        loop()
    monkeypatch.setattr(sys, "last_value", caught.value, raising=False)
    bar.connection.finish()
    assert server()[-2:] == ["@1 left", "@1 fail no row"]


@pytest.mark.parametrize("error", [None, LookupError("caught")])
def test_a_loop_that_was_left_otherwise_has_stopped_whatever_ends_the_program(
    server, monkeypatch, error
):
    bar, loop = left_loop(error)
    with contextlib.suppress(LookupError):
        loop()
    with pytest.raises(ZeroDivisionError) as later:
        _ = 1 / 0
    monkeypatch.setattr(sys, "last_value", later.value, raising=False)
    bar.connection.finish()
    assert server()[-2:] == ["@1 left", "@1 stop"]


@pytest.mark.parametrize(("dropped", "end"), [(True, "@1 fail exit status 3"), (False, "@1 end")])
def test_a_loop_that_the_exit_of_the_program_has_left_has_failed(server, monkeypatch, dropped, end):
    bar, loop = left_loop(SystemExit(3))
    with contextlib.suppress(SystemExit):
        loop()
    passing = exit_status.Passing(3)
    passing.dropped = dropped
    monkeypatch.setattr(exit_status, "_latest", passing)
    bar.connection.finish()
    assert server()[-2:] == ["@1 left", end]


@pytest.mark.parametrize(
    ("status", "end"), [(3, "fail exit status 3"), (1, "fail exit status 1"), (0, "end")]
)
def test_a_loop_that_the_exit_of_a_process_of_multiprocessing_has_left_has_failed(
    server, monkeypatch, status, end
):
    _, loop = left_loop(SystemExit(3))
    with contextlib.suppress(SystemExit):
        loop()  # which multiprocessing catches, and leaves by `os._exit`
    monkeypatch.setattr(exit_status, "_caught", exit_status.Passing(3))
    process = types.SimpleNamespace(parent_process=object)
    monkeypatch.setitem(sys.modules, "multiprocessing.process", process)
    lines.leave_at_once(status)
    assert server()[-2:] == ["@1 left", f"@1 {end}"]


def test_a_loop_that_an_exception_has_left_in_a_thread_has_failed(server, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    lines.connection()  # of this thread
    bar, loop = left_loop(ValueError("no row"))
    other, _ = left_loop()
    thread = threading.Thread(target=loop)
    thread.start()
    thread.join()
    assert server()[-2:] == ["@1 left", "@1 fail no row"]
    assert (bar.open, other.open) == (False, True)


def test_a_handler_of_a_signal_may_come_amid_a_line(server):
    bar = Bar("loop", 3, None)
    assert server() == ["@1 stage loop total=3"]
    with bar.connection.lock:  # as the frame below a handler has it
        bar.move(1, 3, "")
        bar.end("complete")
    Bar("next", None, None)
    assert server() == ["@1 done 1", "@1 complete", "@2 stage next"]


def test_a_bar_that_is_announced_begins_later_or_is_not_reached(server):
    later, never = (Bar(name, 5, "B", begun=False) for name in ("later", "never"))
    later.restart(6)
    assert later.begun
    never.connection.finish()
    assert server() == [
        "@1 announce later unit=B total=5",
        "@2 announce never unit=B total=5",
        "@1 stage later unit=B total=6",
        "@1 end",
        "@2 skip not reached",
    ]


@pytest.mark.parametrize(
    ("done", "error", "end"),
    [
        (10, ValueError("x"), "end"),
        (4, ValueError("x"), "fail x"),
        (4, ValueError(), "fail ValueError"),
        (4, KeyError("x"), "fail KeyError: 'x'"),
        (4, KeyboardInterrupt(), "cancel"),
        (4, None, "end"),
    ],
)
def test_an_open_bar_ends_as_the_program_does(server, monkeypatch, done, error, end):
    bar = Bar("counter", 10, None)
    bar.move(done, 10, "")
    monkeypatch.setattr(sys, "last_value", error, raising=False)
    bar.connection.finish()
    assert server()[-1] == f"@1 {end}"


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (None, "stop"),
        (SystemExit(), "stop"),
        (SystemExit(0), "stop"),
        (SystemExit(3), "fail exit status 3"),
        (SystemExit("no disk"), "fail no disk"),
        (asyncio.CancelledError(), "cancel"),
        (OSError("no disk"), "fail no disk"),
        (GeneratorExit(), "left"),
    ],
)
def test_a_bar_ends_by_what_its_block_was_left_with(server, error, end):
    Bar("block", 10, None).end_by(error)
    assert server()[-1] == f"@1 {end}"


def test_of_many_loops_that_were_left_the_oldest_have_stopped(server, monkeypatch):
    monkeypatch.setattr(lines, "LEFT_LIMIT", 2)
    for _ in range(3):
        left_loop()[1]()
    assert [line for line in server() if "stop" in line] == ["@1 stop"]


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
    said = child.recv(200).decode().splitlines()
    assert said[0].split()[:3] == ["child", str(os.getpid()), str(os.getppid())]
    assert said[1:] == ["explicit", "@1 stage child", "@1 end"]
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
