import os
import subprocess
import sys
import time

import pytest
from showcase import NOW, board_of, operation, stage
from spool_files import left

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


@pytest.mark.parametrize("sender", [False, True])
def test_what_ended_before_there_was_a_broker_is_told_from_its_file(tmp_path, monkeypatch, sender):
    (tmp_path / "run").mkdir(mode=0o700)
    table = tmp_path / "summary.md"
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(table))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    program = subprocess.Popen(["true"])
    program.wait()
    now = time.monotonic()
    at = now - NOW
    made = operation("abcdefghijkl", "deploy", "failed", started=at - 9, ended=at, exit_status=3)
    stage(made, "Build", "completed", started=at - 9, ended=at - 2)
    inside = operation("insideinside", "train", started=at - 8, ended=at - 3, parent=made.id)
    inside.state = "completed"
    other = operation("otherotherot", "other", "completed", started=at - 9, ended=at)
    left(tmp_path / "run", "a", made, pid=program.pid)
    left(tmp_path / "run", "b", inside, pid=1 << 30)
    left(tmp_path / "run", "c", other)
    pids, held = os.pipe()
    os.write(held, b"%d\n" % program.pid)
    os.close(held)
    with open(tmp_path / "log", "w") as log:
        assert lines.run_lines(log.fileno(), program.pid, sender=pids if sender else None) == 0
    os.close(pids)
    told = (tmp_path / "log").read_text()
    assert told.count("deploy") == 2
    assert "failed    after 9 s, exit 3" in told
    assert "::error title=deploy failed::" in told
    assert "other" not in told
    assert "**deploy** failed after 9 s, exit 3" in table.read_text()
    assert "| train | 5 s | — |" in table.read_text()
    assert time.monotonic() - now < lines.BEGIN_TIMEOUT
