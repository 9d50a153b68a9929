import os
import subprocess
import sys

import pytest
from showcase import operation

from headway_viewer.terminal import lines


@pytest.mark.parametrize("same", [True, False])
def test_output_in_the_file_that_is_the_log_is_not_told_again(tmp_path, same):
    with open(tmp_path / "log", "w") as log, open(tmp_path / "other", "w") as other:
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        out = log if same else other
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out) as job:
            made = operation("a", "make", "failed", ended=-1.0)
            made.pid, made.coarser = job.pid, "a key"
            assert lines.is_unseen(made, log.fileno()) != same
            job.stdin.close()
        assert job.returncode == 0
        assert os.path.getsize(tmp_path / "log") == 0
