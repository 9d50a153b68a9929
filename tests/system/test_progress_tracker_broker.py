"""A tracker as an operation of the broker: seen, cancelled and ended like any other."""

import os
import signal
import subprocess
import time

from machine import until

TRACKER = """
import sys, time
from progress_tracker import ProgressTracker

tracker = ProgressTracker("Installing PostgreSQL", enable_notifications=False)
tracker.setup_cancellation_handler(lambda: print("cleaned", flush=True))
fetch = tracker.add_stage("Fetch", total_bytes=1000)
tracker.add_stage("Configure")
tracker.start()
tracker.start_stage(fetch)
tracker.update_stage_progress(fetch, processed_bytes=400)
print("ready", flush=True)
"""


def operation(sandbox, name="Installing PostgreSQL"):
    return next((found for found in sandbox.operations() if found["name"] == name), None)


def ready(process):
    while "ready" not in (line := process.stdout.readline()):
        assert line, process.stderr.read()


def test_a_tracker_is_seen_with_its_stages_and_bytes(sandbox):
    process = sandbox.program(TRACKER + "sys.stdin.readline(); tracker.complete()", stdin=-1)
    ready(process)
    found = until(
        lambda: (got := operation(sandbox)) and got["stages"][0]["done"] == 400 and got, "its bytes"
    )
    assert (found["state"], found["cancellable"]) == ("running", True)
    assert [
        (stage["name"], stage["state"], stage["total"], stage["unit"]) for stage in found["stages"]
    ] == [("Fetch", "running", 1000, "B"), ("Configure", "pending", None, None)]
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.wait(10) == 0
    found = operation(sandbox)
    assert (found["state"], found["progress"], found["notify"]) == ("completed", 1.0, False)


def test_headway_cancel_cancels_it_as_ctrl_c_would(sandbox):
    process = sandbox.program(TRACKER + "signal.pause()")
    ready(process)
    until(lambda: operation(sandbox), "the operation")
    done = sandbox.headway("cancel", "Installing PostgreSQL", "--reason", "disk is needed")
    assert done.returncode == 0, done.stderr
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    assert out.count("cleaned") == 1
    assert "⊗ disk is needed" in out
    found = operation(sandbox)
    assert (found["state"], found["reason"]) == ("cancelled", "disk is needed")
    assert {stage["state"] for stage in found["stages"]} == {"cancelled"}


def test_of_two_tasks_the_one_meant_is_cancelled(sandbox):
    process = sandbox.program(
        """
import asyncio
from progress_tracker import ProgressTracker, run_with_progress

async def work(tracker):
    tracker.start_stage(tracker.add_stage("wait"))
    print("ready", flush=True)
    if tracker.operation_name == "two":
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    else:
        await asyncio.Event().wait()

async def main():
    trackers = [ProgressTracker(name, enable_notifications=False) for name in ("one", "two")]
    tasks = [asyncio.create_task(run_with_progress(tracker, work)) for tracker in trackers]
    print([type(result).__name__ for result in
           await asyncio.gather(*tasks, return_exceptions=True)])

asyncio.run(main())
""",
        stdin=subprocess.PIPE,
    )
    ready(process)
    until(lambda: operation(sandbox, "one") and operation(sandbox, "two"), "both")
    assert sandbox.headway("cancel", "one").returncode == 0
    out, complaint = process.communicate(timeout=20)
    assert "['CancelledError', 'NoneType']" in out, complaint
    assert operation(sandbox, "one")["state"] == "cancelled"
    assert operation(sandbox, "two")["state"] == "completed"


def test_a_program_whose_only_task_is_cancelled_ends_without_a_traceback(sandbox):
    process = sandbox.program("""
import asyncio
from progress_tracker import ProgressTracker, run_with_progress

async def work(tracker):
    tracker.start_stage(tracker.add_stage("wait"))
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(run_with_progress(ProgressTracker("one", enable_notifications=False), work))
""")
    ready(process)
    until(lambda: operation(sandbox, "one"), "the operation")
    assert sandbox.headway("cancel", "one").returncode == 0
    complaint = process.communicate(timeout=20)[1]
    assert (process.returncode, complaint) == (130, "headway: cancelled\n")
    assert operation(sandbox, "one")["state"] == "cancelled"


def test_a_tracker_that_nobody_ends_ends_as_its_stages_did(sandbox):
    code = """
from progress_tracker import RichProgressTracker
tracker = RichProgressTracker({name!r}, enable_notifications=False)
stage = tracker.add_stage("only")
with tracker.live_progress():
    tracker.start_stage(stage)
    {end}
"""
    for name, end, state in (
        ("whole", "tracker.complete_stage(stage)", "completed"),
        ("broken off", "pass", "failed"),
    ):
        assert sandbox.program(code.format(name=name, end=end)).wait(20) == 0
        until(lambda: operation(sandbox, name), name)  # noqa: B023
        assert operation(sandbox, name)["state"] == state


def test_a_stopped_broker_delays_neither_the_work_nor_its_end(sandbox):
    process = sandbox.program(
        TRACKER
        + """
sys.stdin.readline()
before = time.monotonic()
for done in range(20000):
    tracker.update_stage_progress(fetch, processed_bytes=done % 1000)
tracker.complete()
print("took", time.monotonic() - before, flush=True)
""",
        stdin=-1,
    )
    ready(process)
    until(lambda: operation(sandbox), "the operation")
    pid = sandbox.serving()
    os.kill(pid, signal.SIGSTOP)
    try:
        before = time.monotonic()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(20) == 0
        took = float(process.stdout.read().split()[-1])
        assert took < 3
        assert time.monotonic() - before - took < 2.5
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: operation(sandbox)["state"] == "completed", "its end")
