"""Commands that a program runs: as `subprocess.run`, and reported."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading

import pytest
from machine import until

import headway
from headway.run.subprocess_run import run

STEPS = 'for n in 1 2 3 4 5; do echo "[$n/5] item $n"; sleep 0.1; done'

pytestmark = pytest.mark.usefixtures("link")


@pytest.fixture(autouse=True)
def _state(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (["sh", "-c", "echo out; echo err >&2; exit 3"], {"capture_output": True}),
        (["sh", "-c", "echo out; echo err >&2"], {"capture_output": True, "text": True}),
        (["cat"], {"input": b"given\n", "stdout": subprocess.PIPE}),
        (["cat"], {"input": "giv\u00e9n", "stdout": subprocess.PIPE, "encoding": "latin-1"}),
        ("cat; exit 4", {"shell": True, "input": "x", "stdout": subprocess.PIPE, "text": True}),
        (
            ["sh", "-c", "echo out; echo err >&2"],
            {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT},
        ),
        (["sh", "-c", "echo $X; pwd"], {"env": {"X": "1"}, "cwd": "/", "capture_output": True}),
        (["printf", "a\\r\\nb\\rc"], {"capture_output": True, "universal_newlines": True}),
        (["sh", "-c", "kill -9 $$"], {"stdout": subprocess.DEVNULL}),
        (["true"], {"stdin": subprocess.DEVNULL, "check": True}),
    ],
)
def test_it_returns_what_subprocess_returns(args, options):
    expected = subprocess.run(args, **options)  # noqa: PLW1510 - as it is given
    found = run(args, **options)
    for field in ("args", "returncode", "stdout", "stderr"):
        assert getattr(found, field) == getattr(expected, field)


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (["false"], {"check": True}),
        (["/nonexistent/x"], {}),
        (["sleep", "60"], {"timeout": 0.2}),
        (["true"], {"capture_output": True, "stdout": subprocess.PIPE}),
        (["true"], {"input": b"", "stdin": subprocess.DEVNULL}),
        (["true"], {"frobnicate": 1}),
        (["cat"], {"input": "text", "stdout": subprocess.PIPE}),
    ],
)
def test_it_raises_what_subprocess_raises(args, options):
    with pytest.raises(Exception) as expected:  # noqa: PT011 - whatever it is
        subprocess.run(args, **options)  # noqa: PLW1510 - as it is given
    with pytest.raises(type(expected.value)):
        run(args, **options)


def test_a_timeout_keeps_what_came_before_it():
    with pytest.raises(subprocess.TimeoutExpired) as caught:
        run(["sh", "-c", "echo early; exec sleep 60"], capture_output=True, timeout=2.0)
    assert caught.value.stdout == b"early\n"


def test_inside_an_operation_it_is_a_stage_that_its_output_counts():
    with headway.operation("Install") as op:
        assert (
            headway.run(["sh", "-c", STEPS], stdout=subprocess.PIPE, name="Unpack").returncode == 0
        )
        [stage] = op.stages
        assert (stage.name, stage.state, stage.done, stage.total) == ("Unpack", "completed", 5, 5)


def test_inside_a_stage_it_is_a_part_of_that():
    with headway.operation("Install") as op:
        with op.stage("Build"):
            run(["true"])
        build, command = op.stages
        assert (command.name, command.model.parent) == ("true", build.id)


def test_a_failure_is_one_of_its_stage_and_not_of_the_operation():
    with headway.operation("Install") as op:
        assert run(["sh", "-c", "exit 3"]).returncode == 3
    assert op.stages[0].model.error == "exit status 3"
    assert op.state == "completed"


def test_what_cannot_be_started_has_failed():
    with headway.operation("Install") as op:
        with pytest.raises(FileNotFoundError):
            run(["/nonexistent/x"])
        assert op.stages[0].model.error == os.strerror(2)


def test_elsewhere_it_is_an_operation_of_its_own(reporter):
    seen = []
    wake = reporter.publisher.changed
    reporter.publisher.changed = lambda op, *more: (seen.append(op), wake(op, *more))
    run(["sh", "-c", STEPS], stdout=subprocess.PIPE)
    assert (seen[-1].name, seen[-1].state, seen[-1].exit_status) == ("sh", "completed", 0)
    assert seen[-1].key


def test_a_tool_below_a_shell_is_a_stage_inside(tmp_path):
    data = tmp_path / "data"
    data.write_bytes(bytes(1 << 20))
    script = f"dd if={data} of=/dev/null bs=64k; sleep 0.1"
    with headway.operation("Install") as op:
        run(["sh", "-c", script], stderr=subprocess.PIPE)
        assert ("dd", "completed") in {(stage.name, stage.state) for stage in op.stages}


def test_what_is_not_captured_goes_where_it_would_have_gone(capfd):
    with headway.operation("Install"):
        run(["sh", "-c", "echo out; echo err >&2"])
    until(lambda: True)
    assert capfd.readouterr() == ("out\n", "err\n")


def test_it_tells_the_command_what_it_is_part_of():
    with headway.operation("Install") as op:
        found = run(["sh", "-c", "echo $HEADWAY_PARENT"], capture_output=True, text=True)
        assert found.stdout.strip() == f"{op.id}/{op.stages[0].id}"
        given = run(["sh", "-c", "echo $HEADWAY_PARENT$X"], env={"X": "!"}, capture_output=True)
        assert given.stdout.startswith(op.id.encode())


def test_a_request_to_cancel_reaches_it_and_what_it_started():
    op = headway.operation("Install")

    def work():
        with op:
            threading.Timer(0.5, op.ask, ("enough",)).start()
            run(["sh", "-c", "sleep 60; true"], stdout=subprocess.PIPE)

    with pytest.raises(headway.Cancelled):
        work()
    assert op.state == "cancelled"
    assert op.stages[0].state == "cancelled"
    assert op.callbacks == []


def test_an_interrupt_ends_it(monkeypatch):
    monkeypatch.setattr("headway.run.subprocess_run.TICK", 0.5)
    op = headway.operation("Install")

    def interrupt():
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def work():
        with op:
            threading.Timer(0.5, interrupt).start()
            run(["sleep", "60"])

    with pytest.raises(KeyboardInterrupt):
        work()
    assert op.stages[0].state == "cancelled"


def test_on_a_loop_others_go_on_meanwhile():
    async def main():
        with headway.operation("Install") as op:
            both = await asyncio.gather(
                headway.run_async(["sh", "-c", STEPS], stdout=subprocess.PIPE, name="A"),
                headway.run_async(["sh", "-c", STEPS], stdout=subprocess.PIPE, name="B"),
            )
            return [one.returncode for one in both], {(one.name, one.done) for one in op.stages}

    assert asyncio.run(main()) == ([0, 0], {("A", 5), ("B", 5)})


def test_a_task_that_is_cancelled_interrupts_it():
    async def main():
        task = asyncio.ensure_future(headway.run_async(["sleep", "60"]))
        await asyncio.wait([task], timeout=0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
