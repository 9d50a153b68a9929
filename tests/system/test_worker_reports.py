"""Programs of one process, and what a broker hears from them."""

import glob
import os
import subprocess

import pytest
from listener import Listener, heard
from machine import until

from headway.host.files.spool import DEAF
from headway.protocol import messages
from headway.reporting.thread import EXIT_TIMEOUT
from headway_broker.shell.spool import frames


def test_a_program_that_ends_at_once_delivers_its_end(machine, listener):
    code = """
        import headway
        with headway.operation("Install", key="k") as op:
            op.plan("Fetch", "Build")
            with op.stage("Fetch", total=10, unit="B") as stage:
                stage.advance(4)
                stage.advance(6)
    """
    status, out, err = machine.run(code)
    assert (status, out, err) == (0, "", "")
    operation = listener.named("Install")
    assert operation.state == "completed"
    assert operation.key == "k"
    assert operation.pid == machine.processes[0].pid
    fetch, build = operation.stages.values()
    assert (fetch.state, fetch.done, fetch.total, fetch.unit) == ("completed", 10, 10, "B")
    assert (build.state, build.reason) == ("skipped", "not reached")


@pytest.mark.parametrize(
    ("ending", "state", "error", "status"),
    [
        ("pass", "completed", None, 0),
        ("raise SystemExit", "completed", None, 0),
        ("raise SystemExit(3)", "failed", "exit status 3", 3),
        ("raise ValueError('no disk')", "failed", "no disk", 1),
        ("raise KeyboardInterrupt", "cancelled", None, -2),
        ("raise headway.Cancelled('enough')", "cancelled", None, 1),
        ("raise asyncio.CancelledError", "cancelled", None, 1),
    ],
)
def test_how_a_block_is_left_decides_how_it_ends(machine, listener, ending, state, error, status):
    code = f"""
        import asyncio, headway, sys
        with headway.operation("Work") as op, op.stage("Step"):
            sys.stdin.read()  # an end that lies in the spool has no text
            {ending}
    """
    assert heard(machine, listener, code)[0] == status
    operation = listener.named("Work")
    assert (operation.state, operation.error) == (state, error)
    stage = listener.stage(operation, "Step")
    assert (stage.state, stage.error) == (state, error)


@pytest.mark.parametrize(
    ("ending", "state", "text"),
    [
        ("pass", "failed", "the program ended before it"),
        ("raise ValueError('no disk')", "failed", "no disk"),
        ("raise KeyboardInterrupt", "cancelled", None),
    ],
)
def test_what_a_program_leaves_open_ends_as_the_program_does(
    machine, listener, ending, state, text
):
    code = f"""
        import headway, sys
        op = headway.operation("Work").start()
        op.stage("Step").start()
        sys.stdin.read()  # an end that lies in the spool has no text
        {ending}
    """
    heard(machine, listener, code)
    operation = listener.named("Work")
    assert (operation.state, operation.error) == (state, text)
    assert listener.stage(operation, "Step").state == state


LOOP = "for item in headway.track(range(9), 'Rows'):\n    if item == 4: {}"
KEPT = "rows = headway.track(range(9), 'Rows')\nfor item in rows:\n    if item == 4: {}"
BAR = "bar = tqdm(total=9, desc='Rows', file=io.StringIO()); bar.update(4)\n{}"
DRAWN = "for item in tqdm(range(9), 'Rows', file=io.StringIO()):\n    if item == 4: {}"
TASK = f"""
async def main():
    {LOOP.replace("    if", "        if")}
asyncio.run(main())"""
SAID = """
import traceback
def main():
    try:
        for item in headway.track(range(9), "Rows"):
            if item == 4: raise ValueError
    except ValueError: traceback.print_exc(file=io.StringIO())
"""
FOUND = """
def main():
    for item in headway.track(range(9), "Rows"):
        if item == 4: return {}
sys.exit(main())"""
CAUGHT = f"""
try:
    {LOOP.replace("    if", "        if")}
except (SystemExit, ValueError): pass"""


@pytest.mark.parametrize(
    ("place", "leave", "status", "state"),
    [
        (LOOP, "raise SystemExit(3)", 3, "failed"),
        (LOOP, "raise SystemExit", 0, "completed"),
        (f"def main():\n  {LOOP.replace('    if', '      if')}\nmain()", "quit(3)", 3, "failed"),
        (LOOP, "break", 0, "completed"),
        (LOOP.replace("{}", "break") + "\n{}", "raise SystemExit(3)", 3, "completed"),
        (SAID + "main()\n{}", "sys.exit(3)", 3, "failed"),
        (SAID + "    return 3\n{}", "sys.exit(main())", 3, "failed"),
        (SAID + "main()\n{}", "pass", 0, "completed"),
        (FOUND, "3", 3, "failed"),
        (FOUND, "0", 0, "completed"),
        (KEPT, "raise SystemExit(3)", 3, "ended"),
        (DRAWN, "raise SystemExit(3)", 3, "failed"),
        (DRAWN, "sys.exit(3)", 3, "failed"),
        (TASK, "sys.exit(3)", 3, "failed"),
        (TASK, "raise SystemExit(3)", 3, "failed"),
        (CAUGHT, "raise SystemExit(3)", 0, "completed"),
        (BAR, "sys.exit(3)", 3, "failed"),
        (BAR, "raise SystemExit(3)", 3, "ended"),
        (BAR, "pass", 0, "completed"),
    ],
)
def test_what_a_program_leaves_by_its_exit_status_is_no_success(
    machine, listener, place, leave, status, state
):
    code = "import asyncio, headway, io, sys\nfrom headway.adapters.tqdm import tqdm\n"
    assert machine.run(code + place.replace("{}", leave))[0] == status
    operation = next(iter(listener.operations.values()))
    assert (operation.state, listener.stage(operation, "Rows").done) == (state, 4)
    assert operation.exit_status == (3 if state == "failed" else None)


def test_a_thread_that_leaves_by_sys_exit_ends_its_operation_and_nothing_else(machine, listener):
    code = """
        import headway, sys, threading
        def leave(status):
            with headway.operation(f"Thread {status}"):
                sys.exit(status)
        with headway.operation("Main"):
            for status in (0, 3):
                thread = threading.Thread(target=leave, args=(status,))
                thread.start()
                thread.join()
    """
    assert machine.run(code) == (0, "", "")
    ends = {name: listener.named(name) for name in ("Main", "Thread 0", "Thread 3")}
    assert {name: one.state for name, one in ends.items()} == {
        "Main": "completed",
        "Thread 0": "completed",
        "Thread 3": "failed",
    }
    assert ends["Thread 3"].error == "exit status 3"


def test_daemon_threads_that_report_until_the_interpreter_is_gone_hold_nobody(machine, listener):
    code = """
        import headway, threading
        begun = threading.Event()
        def work():
            with headway.operation("Daemon") as op, op.stage("Step") as stage:
                while True:
                    stage.advance()
                    with op.stage("Part"):
                        begun.set()
        with headway.operation("Main"):
            threading.Thread(target=work, daemon=True).start()
            begun.wait(10)
    """
    assert machine.run(code) == (0, "", "")
    assert listener.named("Main").state == "completed"
    daemon = listener.ended("Daemon")
    # It counts without a total, and may be between two of its parts: then it did all it was to do.
    assert daemon.state in ("failed", "completed")


@pytest.mark.parametrize(
    ("body", "state", "reason"),
    [
        ("pass", "completed", None),
        ("if x == 3: break", "completed", "stopped at 3 of 9"),
        ("if x == 3: raise ValueError('no disk')", "failed", None),
    ],
)
@pytest.mark.parametrize("items", ["list(range(9))", "(x for x in range(9))"])
def test_a_loop_is_an_operation_named_after_its_script(
    machine, listener, items, body, state, reason
):
    code = f"""
        import headway
        for x in headway.track({items}, "Compile", total=9):
            {body}
    """
    machine.run(code)
    operation = listener.named("program0.py: Compile")
    assert operation.state == state
    (stage,) = operation.stages.values()
    assert (stage.name, stage.state, stage.reason, stage.total) == ("Compile", state, reason, 9)
    assert stage.done == (9 if body == "pass" else 3)


def test_counts_arrive_while_it_runs(machine, listener):
    code = """
        import headway, signal
        with headway.operation("Work") as op, op.stage("Step", total=100) as stage:
            stage.advance(40)
            stage.update(detail="forty")
            signal.pause()
    """
    machine.start(code)
    operation = until(lambda: listener.named("Work"))
    stage = until(lambda: next(iter(operation.stages.values()), None))
    until(lambda: (stage.done, stage.detail) == (40, "forty"))
    machine.processes[0].kill()


# A busy machine takes seconds to connect: what a test counts or times begins after that.
GREETED = """
        import time
        from headway.reporting.reporter import reporter
        def greeted(seconds=20):
            end = time.monotonic() + seconds
            while reporter().publisher.welcome is None and time.monotonic() < end:
                time.sleep(0.005)
"""


def test_an_unwatched_program_sends_counts_twice_a_second(machine):
    code = f"""{GREETED}
        import headway
        with headway.operation("Work") as op, op.stage("Step") as stage:
            greeted()
            end = time.monotonic() + 2
            while time.monotonic() < end:
                stage.advance()
                time.sleep(0.001)
            print(stage.done)
    """
    with Listener(machine.directory, watched=False) as listener:
        status, out, err = machine.run(code)
        counts = [message for _, message in listener.heard if type(message) is messages.Counts]
        seconds = counts[-1].now - counts[0].now
        assert 1 <= len(counts) <= 2 * seconds + 2  # twice a second, and one at the end
        operation = listener.named("Work")
        assert (status, out, err) == (0, f"{listener.stage(operation, 'Step').done}\n", "")


def test_counts_of_many_threads_are_exact(machine, listener):
    code = """
        import headway, sys, threading
        sys.setswitchinterval(1e-5)
        with headway.operation("Work") as op, op.stage("Step") as stage:
            def count():
                for _ in range(100_000):
                    stage.advance()
            threads = [threading.Thread(target=count) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(stage.done)
    """
    status, out, err = machine.run(code)
    assert (status, out, err) == (0, "400000\n", "")
    assert listener.stage(listener.named("Work"), "Step").done == 400_000


def test_a_thread_started_in_a_block_belongs_to_it(machine, listener):
    code = """
        import headway, threading
        def work():
            for _ in headway.track(range(5), "rows"):
                pass
        with headway.operation("Work"):
            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
    """
    machine.run(code)
    assert len(listener.operations) == 1
    stages = listener.named("Work").stages.values()
    assert {stage.name for stage in stages} == {"rows"}
    assert sum(stage.attempt for stage in stages) == 3


def test_a_broker_that_comes_back_is_told_everything(machine):
    code = """
        import headway, signal
        with headway.operation("Work") as op:
            with op.stage("First"): pass
            with op.stage("Second", total=5) as stage:
                stage.advance(2)
                signal.pause()
    """
    with Listener(machine.directory) as first:
        program = machine.start(code)
        until(lambda: first.named("Work") and len(first.named("Work").stages) == 2)
    with Listener(machine.directory) as second:
        operation = until(lambda: second.named("Work"))
        until(lambda: len(operation.stages) == 2)
        assert second.stage(operation, "First").state == "completed"
        assert second.stage(operation, "Second").done == 2
        program.kill()


def test_a_final_state_that_nobody_acknowledges_is_left_in_a_file(machine):
    code = f"""
        import atexit
        atexit.register(lambda: print(time.monotonic() - start))
        {GREETED.strip()}
        import headway
        with headway.operation("Work"):
            greeted()
        start = time.monotonic()
    """
    import os

    folder = os.path.join(machine.directory, "unsent")
    with Listener(machine.directory, acknowledge=False):
        for _ in range(5):  # a busy machine may leave the thread no time to mark it as deaf
            status, out, err = machine.run(code)
            assert (status, err) == (0, "")
            assert EXIT_TIMEOUT <= float(out) < EXIT_TIMEOUT + 5  # the machine may be busy
            if DEAF in os.listdir(folder):
                break
    assert EXIT_TIMEOUT < 1

    import msgpack

    from headway.protocol import wire

    name, *_, deaf = sorted(os.listdir(folder), reverse=True)
    assert deaf == DEAF  # the exits after it are spared the waiting
    with open(os.path.join(folder, name), "rb") as file:
        found = [wire.decode(frame, messages.INBOUND) for frame in msgpack.Unpacker(file)]
    assert [type(message) for message in found] == [messages.Hello, messages.Announce, messages.Bye]
    assert found[0].session == name
    assert found[1].whole
    assert found[1].operation[4] == "completed"


def test_an_import_that_takes_longer_than_an_exit_may_is_not_waited_for(machine):
    code = """
        import headway, sys, threading
        class Slow:
            def find_spec(self, name, path=None, target=None):
                if name == "zmq":
                    threading.Event().wait()  # for ever
        sys.meta_path.insert(0, Slow())
        with headway.operation("Work") as op, op.stage("Step", total=5) as stage:
            stage.advance(5)
        left = headway.operation("Left open").start()
    """
    assert machine.run(code) == (0, "", "")
    (path,) = glob.glob(machine.path("unsent/*"))
    with open(path, "rb") as file:
        hello, *rest, bye = frames(file.read())[0]
    assert (hello.session, type(bye)) == (os.path.basename(path), messages.Bye)
    ends = {message.operation[2]: message for message in rest}
    assert ends["Work"].operation[4] == "completed"
    assert ends["Work"].stages[0][2:4] == ["Step", "completed"]
    assert ends["Left open"].operation[4] == "failed"


def test_a_program_with_nothing_to_report_leaves_and_comes_back(machine, listener):
    code = """
        import headway, headway.reporting.connection, sys
        headway.reporting.connection.IDLE_TIMEOUT = 0.1
        with headway.operation("First"): pass
        print("ready", flush=True)
        sys.stdin.readline()
        with headway.operation("Second"): pass
    """
    program = machine.start(code, stdin=subprocess.PIPE)
    program.stdout.readline()
    until(lambda: listener.byes)
    assert len(listener.sessions) == 1
    program.stdin.write("\n")
    assert machine.finish(program)[0] == 0
    assert listener.named("Second").state == "completed"
    assert len(listener.sessions) == 2
    assert len({hello.session for hello in listener.sessions.values()}) == 1


def test_without_a_broker_a_short_program_is_not_delayed(machine):
    code = """
        import atexit, time
        atexit.register(lambda: print(time.monotonic() - start))
        import headway
        with headway.operation("Work"):
            pass
        start = time.monotonic()
    """

    def delay():
        status, out, err = machine.run(code)
        assert (status, err) == (0, "")
        return float(out)

    # On a busy machine most may take long; one that waited for somebody always would.
    assert any(delay() < EXIT_TIMEOUT / 2 for _ in range(10))


def test_reporting_that_is_off_changes_nothing_else(machine, listener):
    code = """
        import headway, threading
        with headway.operation("Work") as op, op.stage("Step") as stage:
            for _ in range(10_000):
                stage.advance()
            print(stage.done, threading.active_count())
    """
    assert machine.run(code, HEADWAY="off") == (0, "10000 1\n", "")
    assert not listener.heard


@pytest.mark.parametrize("spare", [0, 2, 4, 6, 8, 12, 20, 40])
def test_a_program_that_has_hardly_a_descriptor_left_goes_on(machine, spare):
    code = """
        import headway, os, resource, sys, time
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        taken = []
        try:
            while True: taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            for _ in range(int(sys.argv[1])): os.close(taken.pop())
        with headway.operation("Work") as op, op.stage("Step") as stage:
            for _ in range(50):
                stage.advance()
                time.sleep(0.005)
        print(stage.done)
    """
    with Listener(machine.directory):
        assert machine.run(code, str(spare)) == (0, "50\n", "")
