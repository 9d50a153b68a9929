import os
import subprocess
import sys

import pytest
from showcase import board_of, operation

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


def test_a_summary_that_cannot_be_written_ends_no_log(tmp_path, monkeypatch):
    monkeypatch.setattr(lines.subprocess, "run", lambda *_, **__: pytest.fail("nothing to tell"))
    monkeypatch.setattr(lines, "MAX_OPERATIONS", 0)
    made = operation("a", "make", "completed", ended=-1.0)
    for path in (tmp_path / "absent" / "summary.md", tmp_path / "summary.md"):
        lines.write_step_summary(str(path), [made], board_of(made))
    assert os.listdir(tmp_path) == ["summary.md"]
