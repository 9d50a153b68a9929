import os
import signal
import subprocess
import sys

from machine import until

from headway.host.process_status import start_time
from headway.run.kernel.process_tree import is_stopped, process_status, process_tree

SLEEP = ["sleep", "30"]


def test_a_tree_is_a_process_and_all_below_it():
    code = "import subprocess; subprocess.run(['sleep', '30'])"
    outer = subprocess.Popen([sys.executable, "-c", code])
    try:
        tree = until(lambda: len(process_tree(outer.pid)) == 2 and process_tree(outer.pid))
        assert tree[0] == outer.pid
        assert process_status(tree[1]).parent == outer.pid
    finally:
        os.kill(tree[1], signal.SIGKILL)
        outer.wait()


def test_children_of_every_thread_are_found():
    code = (
        "import subprocess, threading\n"
        "t = threading.Thread(target=lambda: subprocess.run(['sleep', '30']))\n"
        "t.start(); t.join()"
    )
    outer = subprocess.Popen([sys.executable, "-c", code])
    try:
        tree = until(lambda: len(process_tree(outer.pid)) == 2 and process_tree(outer.pid))
    finally:
        os.kill(tree[1], signal.SIGKILL)
        outer.wait()


def test_a_status_tells_whether_a_process_is_stopped():
    process = subprocess.Popen(SLEEP)
    try:
        assert is_stopped(process.pid) is False
        process.send_signal(signal.SIGSTOP)
        until(lambda: is_stopped(process.pid), "its stop")
        assert process_status(process.pid).started == start_time(process.pid)
    finally:
        process.kill()
        process.wait()


def test_of_a_process_that_is_gone_nothing_is_known():
    process = subprocess.Popen(["true"])
    process.wait()
    assert process_status(process.pid) is None
    assert is_stopped(process.pid) is None
    assert process_tree(process.pid) == [process.pid]


def test_processor_time_of_children_that_were_waited_for_counts():
    burn = "n = 0\nwhile n < 3_000_000: n += 1"
    code = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]);"
        "print('ran', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    try:
        assert process_status(process.pid).cpu >= 3
    finally:
        process.communicate()
