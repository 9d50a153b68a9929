from __future__ import annotations

import os
import socket
import subprocess
import sys

CODE = """
import os
from headway.run.streams.plumbing import connect_streams
plumbing = connect_streams({look}, {data}, False)
where = sorted((through.target, os.isatty(through.source)) for through in plumbing.pumped)
os.write(3, repr((where, sorted(plumbing.streams))).encode())
"""


def laid_out(tmp_path, stdout, stderr, look=True, data=False):
    result = tmp_path / "result"
    code = CODE.format(look=look, data=data)
    with open(result, "wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", f"import os; os.dup2({file.fileno()}, 3)\n" + code],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=[file.fileno()],
            check=True,
            timeout=30,
        )
    assert done.returncode == 0
    return eval(result.read_text())


def input_pipe(**popen):
    """Whether a program whose standard input that is has one of which it is told."""
    code = (
        "import os; from headway.run.streams.plumbing import Plumbing; status = os.fstat(0)\n"
        "print(Plumbing().input_pipe(), (status.st_dev, status.st_ino), sep=';')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, timeout=30, **popen
    )
    found, input_ = done.stdout.decode().strip().split(";")
    return found == input_ or eval(found)


def test_only_a_pipe_or_socket_is_an_input_pipe():
    assert input_pipe(input=b"")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert input_pipe(stdin=theirs)
    assert input_pipe(stdin=subprocess.DEVNULL) is None


def test_two_pipes_stay_two(tmp_path):
    streams = laid_out(tmp_path, subprocess.PIPE, subprocess.PIPE)
    assert streams == ([(1, False), (2, False)], [1, 2])


def test_one_pipe_for_both_stays_one(tmp_path):
    assert laid_out(tmp_path, subprocess.PIPE, subprocess.STDOUT) == ([(1, False)], [1, 2])


def test_data_is_left_alone(tmp_path):
    streams = laid_out(tmp_path, subprocess.PIPE, subprocess.PIPE, data=True)
    assert streams == ([(2, False)], [2])


def test_nothing_is_between_where_nobody_looks(tmp_path):
    assert laid_out(tmp_path, subprocess.PIPE, subprocess.PIPE, look=False) == ([], [])


def test_a_terminal_beside_a_pipe_stays_what_it_is(tmp_path):
    master, slave = os.openpty()
    assert laid_out(tmp_path, subprocess.PIPE, slave) == ([(1, False)], [1])
    assert laid_out(tmp_path, subprocess.PIPE, slave, data=True) == ([(2, True)], [2])
    os.close(master)
    os.close(slave)
