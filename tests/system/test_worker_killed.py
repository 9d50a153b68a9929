"""What workers were in when a parent or a pool ended them."""

import glob
import subprocess

import pytest
from machine import until

METHODS = ["fork", "spawn", "forkserver"]


@pytest.mark.starts_broker
@pytest.mark.parametrize("method", METHODS)
def test_a_pool_that_terminates_its_workers_loses_nothing_of_finished_tasks(machine, method):
    code = f"""
        import headway, multiprocessing, time
        def work(n):
            if {method!r} == "fork":
                stage.advance()
            with headway.operation(f"task {{n}}") as op, op.stage("Step", total=3) as step:
                step.advance(3)
            return n
        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            with headway.operation("Work") as op, op.stage("Shared") as stage:
                with context.Pool(2) as pool:
                    print(sum(pool.imap_unordered(work, range(20))))
    """
    assert machine.run(code) == (0, "190\n", "")
    tasks = [f"task {number}" for number in range(20)]
    wanted = 20 if method == "fork" else 0
    until(lambda: _shared(machine) == wanted, "the counts of the workers")
    shown = {one["name"]: one for one in machine.operations()}
    assert sorted(shown) == sorted([*tasks, "Work"])
    assert {one["state"] for one in shown.values()} == {"completed"}
    assert [shown[name]["stages"][0]["done"] for name in tasks] == [3] * 20


def _shared(machine):
    """What is shown of the stage "Shared", once all that was begun has ended."""
    shown = machine.operations()
    (work,) = [one for one in shown if one["name"] == "Work"]
    over = len(shown) == 21 and all(one["ended"] for one in shown)
    return work["stages"][0]["done"] if over else None


# What the 20 tasks of a child are told to its parent by, and how the parent hears of them.
CHANNELS = {
    "queue": (
        "channel = context.Queue()",
        "channel.put(n)",
        "for _ in range(20): channel.get(timeout=60)",
    ),
    "tasks done": (
        "channel = context.JoinableQueue()\n    for n in range(20): channel.put(n)",
        "channel.get(); channel.task_done()",
        "channel.join()",
    ),
    "event": ("channel = context.Event()", "n == 19 and channel.set()", "channel.wait(60)"),
}


@pytest.mark.starts_broker
@pytest.mark.parametrize(
    ("method", "channel"),
    [("fork", "queue"), ("spawn", "queue"), ("fork", "tasks done"), ("fork", "event")],
)
def test_what_a_child_did_before_its_parent_was_told_is_known_when_that_kills_it(
    machine, method, channel
):
    make, tell, hear = CHANNELS[channel]
    code = f"""
        import headway, multiprocessing, time
        def work(channel):
            for n in range(20):
                with headway.operation(f"task {{n}}"): pass
                if {method!r} == "fork": stage.advance()
                {tell}
            time.sleep(600)
        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            {make.replace(chr(10), chr(10) + " " * 8)}
            with headway.operation("Work") as op, op.stage("Shared") as stage:
                child = context.Process(target=work, args=(channel,), daemon=True)
                child.start()
                {hear}
                child.kill()
                child.join()
    """
    assert machine.run(code) == (0, "", "")
    wanted = 20 if method == "fork" else 0
    until(lambda: _shared(machine) == wanted, "what the child has counted")
    assert {one["state"] for one in machine.operations()} == {"completed"}


@pytest.mark.starts_broker
@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_what_a_worker_is_in_when_its_parent_ends_it_is_cancelled(machine, end):
    wills = machine.path("unsent/.will-*")
    code = f"""
        import glob, headway, multiprocessing, time
        def work():
            with headway.operation("Endless") as op:
                op.stage("Step").start()
                time.sleep(600)
        context = multiprocessing.get_context("fork")
        worker = context.Process(target=work)
        with headway.operation("Work"):
            worker.start()
            until = time.monotonic() + 60
            while not glob.glob({wills!r}) and time.monotonic() < until:
                time.sleep(0.01)
            worker.{end}()
            worker.join()
    """
    assert machine.run(code) == (0, "", "")
    until(lambda: len(_ended(machine)) == 2, "the end of both")
    shown = _ended(machine)
    assert shown["Work"]["state"] == "completed"
    assert shown["Endless"]["state"] == "cancelled"
    assert shown["Endless"]["reason"] == "ended by its parent"
    until(lambda: not glob.glob(wills), "the will's going")


@pytest.mark.starts_broker
@pytest.mark.parametrize("start", ["subprocess.Popen", "os.fork"])
def test_what_another_program_is_in_when_its_parent_ends_it_is_cancelled(machine, start):
    code = f"""
        import headway, os, signal, subprocess, sys, time
        child = "import headway, time\\nwith headway.operation('Endless'): time.sleep(600)"
        command = [sys.executable, "-c", child]
        if {start!r} == "os.fork":
            pid = os.fork()
            if pid == 0:
                os.execv(sys.executable, command)
        else:
            process = subprocess.Popen(command)
            pid = process.pid
        print(pid, flush=True)
        sys.stdin.readline()
        if {start!r} == "os.fork":
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        else:
            process.terminate()
            process.wait(60)
    """
    program = machine.start(code, stdin=subprocess.PIPE)
    pid = program.stdout.readline().strip()
    until(lambda: [one["state"] for one in machine.operations()] == ["running"], "its beginning")
    program.stdin.write("\n")
    assert machine.finish(program) == (0, "", "")
    (endless,) = until(lambda: list(_ended(machine).values()), "its end")
    assert (endless["state"], endless["reason"]) == ("cancelled", "ended by its parent")
    until(lambda: not glob.glob(machine.path(f"unsent/.will-{pid}-*")), "the note's going")


def _ended(machine):
    return {one["name"]: one for one in machine.operations() if one["ended"]}
