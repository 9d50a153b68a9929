"""Programs and the real broker: starting it, losing it, ending while it is in no state to hear."""

import glob
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from chaos_testing.sandbox import install_clock_skew
from machine import until

pytestmark = pytest.mark.starts_broker

SHORT = """
    import headway, sys
    with headway.operation("op " + sys.argv[1]) as op:
        for _ in op.track(range(3), "Step"):
            pass
"""


def started(machine):
    """The pid of the broker that a program has started, which went on until it served."""
    code = "import headway, sys\nwith headway.operation('starter'): sys.stdin.read()"
    program = machine.start(code, stdin=subprocess.PIPE)
    until(lambda: "starter" in known(machine), "the broker")
    assert machine.finish(program) == (0, "", "")
    return machine.serving()


def took(machine, number):
    """The seconds that the short program ran."""
    start = time.monotonic()
    assert machine.run(SHORT, number) == (0, "", "")
    return time.monotonic() - start


def known(machine):
    """Operations by name, as `headway ps --json` has them."""
    return {operation["name"]: operation for operation in machine.operations()}


def brokers(machine):
    """The pids of all brokers that run for this machine's directory."""
    found = []
    for path in glob.glob("/proc/[0-9]*/environ"):
        pid = path.split("/")[2]
        try:
            with open(path, "rb") as environ, open(f"/proc/{pid}/cmdline", "rb") as command:
                if (
                    f"HEADWAY_RUNTIME_DIR={machine.directory}\0".encode() in environ.read()
                    and b"headway_broker\0run" in command.read()
                ):
                    found.append(int(pid))
        except OSError:
            continue
    return found


def test_the_first_program_starts_the_broker_and_its_end_is_known(machine):
    status, out, err = machine.run(SHORT, "1")
    assert (status, out, err) == (0, "", "")
    until(machine.serving)
    operation = until(lambda: known(machine).get("op 1"))
    assert operation["state"] == "completed"
    assert operation["stages"][0]["done"] == 3


@pytest.mark.once
@pytest.mark.slow
def test_64_programs_at_once_start_one_broker(machine):
    most, names = [], set()
    for burst in range(5):
        programs = [machine.start(SHORT, f"{burst}.{number}") for number in range(64)]
        names |= {f"op {burst}.{number}" for number in range(64)}

        def ended(programs=programs):
            most.append(len(brokers(machine)))
            return all(program.poll() is not None for program in programs)

        until(ended, "their end", 60)
        for program in programs:
            assert machine.finish(program) == (0, "", "")
        if brokers(machine):
            break  # on a busy machine all may end before they come to start one
    until(lambda: len(brokers(machine)) == 1)
    operations = until(lambda: names <= set(known(machine)) and known(machine), seconds=20)
    assert {operation["state"] for operation in operations.values()} == {"completed"}
    assert max(most) <= 2  # a late one may look at the lock and leave


def test_a_program_that_ends_while_the_broker_is_stopped_is_seen_truly_later(machine):
    broker = started(machine)
    usual = took(machine, "1")
    until(lambda: known(machine).get("op 1"))
    os.kill(broker, signal.SIGSTOP)
    # The bound is for one that could run freely: on a busy machine not every one can.
    assert any(took(machine, "2") < 2 * usual + 1.2 for _ in range(5))
    os.kill(broker, signal.SIGCONT)
    operation = until(lambda: known(machine).get("op 2"))
    assert operation["state"] == "completed"


def test_a_program_that_ends_while_the_broker_is_dead_is_seen_truly_later(machine):
    broker = started(machine)
    os.kill(broker, signal.SIGKILL)
    until(lambda: machine.serving() is None)
    assert machine.run(SHORT, "2", HEADWAY_BROKER="never") == (0, "", "")
    machine.run(SHORT, "3")
    until(machine.serving)
    operations = until(lambda: {"op 2", "op 3"} <= set(known(machine)) and known(machine))
    assert operations["op 2"]["state"] == "completed"


def test_a_program_survives_the_death_of_its_broker_and_is_back_with_all_stages(machine):
    code = """
        import headway, signal
        with headway.operation("Long") as op:
            with op.stage("First"): pass
            with op.stage("Second", total=10) as stage:
                stage.advance(4)
                signal.pause()
    """
    machine.start(code)
    program = machine.processes[0]
    first = until(machine.serving)
    until(lambda: len(known(machine).get("Long", {"stages": []})["stages"]) == 2)
    os.kill(first, signal.SIGKILL)
    second = until(lambda: machine.serving() not in (None, first) and machine.serving())
    assert second != first
    operation = until(lambda: known(machine).get("Long"))
    until(lambda: [s["done"] for s in known(machine)["Long"]["stages"]] == [0, 4])
    assert operation["state"] == "running"
    program.kill()


def test_nobody_is_started_where_nobody_can_be(machine):
    os.chmod(machine.directory, 0o755)  # open to others, so it is not used
    code = """
        import headway, os, sys
        sys.frozen = True
        os.environ["PATH"] = "/nowhere"
        with headway.operation("Work") as op, op.stage("Step") as stage:
            stage.advance()
            print(stage.done)
    """
    assert machine.run(code) == (0, "1\n", "")
    os.chmod(machine.directory, 0o700)
    assert machine.run(code) == (0, "1\n", "")
    assert not brokers(machine)


@pytest.mark.parametrize("frozen", [False, True], ids=["embedding", "frozen"])
def test_a_program_that_is_no_python_is_not_started_again(machine, frozen):
    app = machine.file("app", '#!/bin/sh\necho "$@" >>"$0.log"\n')
    os.chmod(app, 0o755)
    code = f"""
        import headway, os, sys, time
        sys.executable = {app!r}
        sys.frozen = {frozen}
        os.environ["PATH"] = {os.path.dirname(sys.executable)!r}
        with headway.operation("Work"):
            while not any(map(os.path.exists, {[app + ".log", machine.path("report.sock")]!r})):
                time.sleep(0.01)
    """
    assert machine.run(code) == (0, "", "")
    assert not os.path.exists(app + ".log")
    assert until(lambda: known(machine).get("Work"))["state"] == "completed"


def test_a_program_that_waits_for_its_children_meets_none_of_ours(machine):
    code = """
        import headway, os, time
        with headway.operation("Work") as op:
            until = time.monotonic() + 10
            while time.monotonic() < until:
                time.sleep(0.2)
                try:
                    seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                except ChildProcessError:
                    seen = "none"
                    break
            print(seen)
    """
    assert machine.run(code) == (0, "none\n", "")


def test_an_endpoint_that_is_dead_costs_the_program_nothing(machine):
    code = """
        import headway, os, time
        with headway.operation("Work") as op, op.stage("Step"):
            time.sleep(0.3)
            before = time.process_time()
            time.sleep(2)
            print(time.process_time() - before < 0.2)
    """
    endpoint = f"ipc://{machine.directory}/dead.sock"
    start = time.monotonic()
    assert machine.run(code, HEADWAY_ENDPOINT=endpoint) == (0, "True\n", "")
    assert time.monotonic() - start < 12  # 2.3 of its own


@pytest.mark.parametrize("stopped", [False, True])
def test_what_forked_children_count_is_known(machine, stopped):
    code = """
        import headway, os, sys
        with headway.operation("Work") as op, op.stage("Step", total=30) as stage:
            stage.advance(10)
            sys.stdout.write("ready\\n"); sys.stdout.flush()
            sys.stdin.readline()
            for _ in range(20):
                if os.fork() == 0:
                    stage.advance()
                    os._exit(0)
            for _ in range(20):
                os.wait()
    """
    broker = started(machine)
    program = machine.start(code, stdin=subprocess.PIPE)
    assert program.stdout.readline() == "ready\n"
    until(lambda: known(machine).get("Work"))
    if stopped:
        os.kill(broker, signal.SIGSTOP)
    program.stdin.write("\n")
    assert machine.finish(program) == (0, "", "")
    os.kill(broker, signal.SIGCONT)
    until(lambda: known(machine)["Work"]["stages"][0]["done"] == 30)
    assert known(machine)["Work"]["state"] == "completed"


@pytest.mark.parametrize("seconds", [-1500.0, 1500.0], ids=["back", "forth"])
def test_a_wall_clock_that_jumps_makes_nothing_silent_lost_or_older(machine, seconds):
    clock = os.path.join(machine.folder, "clock")
    machine.environ["HEADWAY_CHAOS_CLOCK"] = clock
    clocks = install_clock_skew(machine.folder)
    machine.environ["PYTHONPATH"] = f"{clocks}{os.pathsep}{machine.environ['PYTHONPATH']}"

    def shown():  # by a process whose clock jumps as the broker's does
        listed = machine.headway("ps", "--json").stdout
        found = json.loads(listed)["operations"] if listed else []
        return {operation["name"]: operation for operation in found}

    machine.run(SHORT, "1")
    code = """
        import headway, sys
        with headway.operation("Long") as op, op.stage("Step", total=10) as stage:
            stage.advance(4)
            print("begun", flush=True)
            sys.stdin.readline()
    """
    program = machine.start(code, stdin=subprocess.PIPE)
    assert program.stdout.readline() == "begun\n"
    first = until(machine.serving)
    until(lambda: {"op 1", "Long"} <= set(shown()))
    with open(f"/proc/{first}/environ") as environ:
        assert clocks in environ.read()

    with open(clock, "w", encoding="ascii") as file:
        file.write(str(seconds))
    for broker in (first, None):  # the one that saw it jump, and one that started after it
        if broker is None:
            os.kill(first, signal.SIGKILL)
            until(lambda: machine.serving() not in (None, first))
        found = until(lambda: {"op 1", "Long"} <= set(shown()) and shown())
        assert (found["op 1"]["state"], found["op 1"]["stages"][0]["done"]) == ("completed", 3)
        assert (found["Long"]["state"], found["Long"]["silent_since"]) == ("running", None)
        assert 0 <= found["Long"]["elapsed"] < 600
    program.stdin.write("\n")
    assert machine.finish(program) == (0, "", "")
    until(lambda: shown()["Long"]["state"] == "completed")


@pytest.mark.once
@pytest.mark.slow
def test_of_many_short_programs_every_end_arrives(machine):
    machine.run(SHORT, "0")
    for start in range(1, 200, 8):
        programs = [machine.start(SHORT, str(number)) for number in range(start, start + 8)]
        for program in programs:
            assert machine.finish(program) == (0, "", "")
    operations = until(lambda: len(known(machine)) == 201 and known(machine), seconds=20)
    assert {operation["state"] for operation in operations.values()} == {"completed"}
