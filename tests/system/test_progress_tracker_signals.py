"""progress_tracker under signals: one clean-up, and the exit status that a shell expects."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest
from machine import until


@pytest.fixture
def environment(tmp_path):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "HEADWAY": "off", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(text))
        return [sys.executable, str(path)]

    return write


WAITING = """
    import signal, sys
    from progress_tracker import ProgressTracker

    def clean():
        print("cleaning", flush=True)
        {clean}
        print("cleaned", flush=True)

    tracker = ProgressTracker("Op")
    tracker.start_stage(tracker.add_stage("x"))
    tracker.setup_cancellation_handler(clean)
    print("ready", flush=True)
    signal.pause()
"""


@pytest.fixture
def started(environment):
    """Start a program that says when it is ready and then sleeps."""
    processes = []

    def start(command):
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        processes.append(process)
        read_until(process, "ready")
        rests(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def rests(process):
    """Wait until it sleeps: a signal must not meet it in the middle of a print."""
    main, looks = psutil.Process(process.pid), []

    def sleeps():
        looks.append(main.status())
        return looks[-5:] == [psutil.STATUS_SLEEPING] * 5  # once may be a wait for a lock

    until(sleeps, "its sleep")


def read_until(process, word):
    said = []
    while word not in (line := process.stdout.readline()):
        said.append(line)
        assert line, "".join(said)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cleans_up_once_and_exits_as_a_shell_expects(script, started, number, status):
    process = started(script(WAITING.format(clean="pass")))
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == status
    assert said.count("cleaned") == 1
    assert said.count("⊗ Operation") == 1
    assert "Traceback" not in said


def test_a_second_ctrl_c_during_the_cleanup_leaves_at_once(script, started):
    process = started(script(WAITING.format(clean="signal.pause()")))
    process.send_signal(signal.SIGINT)
    read_until(process, "cleaning")
    rests(process)
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert time.monotonic() - before < 3
    assert process.returncode == 130
    assert "cleaned" not in said


STUBBORN = """while True:
            try:
                signal.pause()
            except BaseException:
                print("no", flush=True)"""


def test_a_cleanup_that_holds_on_is_left_at_the_third(script, started):
    process = started(script(WAITING.format(clean=STUBBORN)))
    process.send_signal(signal.SIGINT)
    read_until(process, "cleaning")
    rests(process)
    process.send_signal(signal.SIGINT)
    read_until(process, "no")
    rests(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130


# The demonstration, which stands still once it has begun to pack: else it may have ended before it
# is interrupted.
STANDING = """
import asyncio
from progress_tracker import demo

sleep = asyncio.sleep
asyncio.sleep = lambda _: sleep(600)
demo.main()
"""


def test_ctrl_c_cancels_the_demonstration_and_leaves_nothing_behind(environment, tmp_path):
    environment["TMPDIR"] = str(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", STANDING],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        read_until(process, "Pack (current)")
        rests(process)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "⊗ Operation cancelled by user (Ctrl+C)" in said
    assert os.listdir(tmp_path) == []
