import fcntl
import os

from headway.host.files.printed_ends import FILE, REMEMBERED, PrintedEnds
from headway.host.files.terminal_locks import open_file


def test_an_end_is_settled_once_whoever_asks(terminal):
    assert PrintedEnds(terminal).claim(["abc", "def"]) == {"abc", "def"}
    assert PrintedEnds(terminal).claim(["def", "ghi"]) == {"ghi"}
    assert "abc" in PrintedEnds(terminal)
    assert "jkl" not in PrintedEnds(terminal)


def test_of_processes_that_settle_the_same_ends_each_has_its_own(terminal):
    pipes = []
    for _ in range(4):
        read, write = os.pipe()
        if os.fork() == 0:
            printed = PrintedEnds(terminal)
            mine = [n for n in range(60) if printed.claim([f"operation{n}"])]
            os.write(write, " ".join(map(str, mine)).encode())
            os._exit(0)
        os.close(write)
        pipes.append(read)
    told = []
    for read in pipes:
        told += os.read(read, 65536).split()
        os.close(read)
        os.wait()
    assert sorted(map(int, told)) == list(range(60))


def test_a_claim_that_is_given_back_is_anybodys(terminal):
    printed = PrintedEnds(terminal)
    printed.claim(["abc", "def"])
    assert printed.release(["abc"])
    assert PrintedEnds(terminal).claim(["abc", "def"]) == {"abc"}


def test_while_another_process_claims_none_is_tried_nor_given_back(terminal):
    printed = PrintedEnds(terminal)
    printed.claim(["abc"])
    other = open_file(terminal, FILE)
    fcntl.flock(other, fcntl.LOCK_EX)
    assert printed.try_claim(["def"], 0.0) is None
    assert not printed.release(["abc"], 0.0)
    os.close(other)
    assert "abc" in printed
    assert "def" not in printed
    assert printed.try_claim(["abc", "def"], 0.0) == {"def"}


def test_two_terminals_are_independent(terminal):
    master, other = os.openpty()
    PrintedEnds(terminal).claim(["abc"])
    assert PrintedEnds(other).claim(["abc"])
    os.close(master)
    os.close(other)


def test_the_latest_are_remembered(terminal):
    printed = PrintedEnds(terminal)
    printed.claim([f"operation{number:04}" for number in range(REMEMBERED + 10)])
    assert f"operation{REMEMBERED + 9:04}" in printed
    assert "operation0009" not in printed
    assert "operation0010" in printed


def test_without_a_runtime_directory_a_process_settles_its_own(terminal, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", "/dev/null/no")
    printed = PrintedEnds(terminal)
    assert printed.claim(["abc"]) == {"abc"}
    assert printed.claim(["abc"]) == set()
    assert printed.try_claim(["abc", "def"], 0.0) == {"def"}
    assert printed.release(["abc"])
    assert printed.claim(["abc"]) == {"abc"}
