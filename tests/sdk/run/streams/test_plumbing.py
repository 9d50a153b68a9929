from __future__ import annotations

import os
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
