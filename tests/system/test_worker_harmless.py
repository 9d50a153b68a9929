"""What programs do that has nothing to do with progress goes on as it would without us."""

import os
import pathlib
import sys

import pytest
from listener import Listener, heard
from machine import until

from headway.host.launch import shadowed_stdlib
from headway.protocol import messages
from headway_broker.shell.spool import frames


def test_a_program_that_joins_every_thread_there_is_ends(machine, listener):
    code = """
        import headway, sys, threading
        with headway.operation("Work"):
            sys.stdin.read()  # until the reporting thread is at work
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()
        print(threading.active_count())
    """
    assert heard(machine, listener, code) == (0, "1\n", "")
    assert listener.named("Work").state == "completed"


@pytest.mark.starts_broker
def test_a_program_that_waits_for_its_children_meets_those_alone(machine):
    code = """
        import headway, os, time
        with headway.operation("Work"):  # its broker is started meanwhile
            children = set()
            for number in range(10):
                pid = os.fork()
                if pid == 0:
                    time.sleep(0.1 * number)
                    os._exit(0)
                children.add(pid)
            waited = [os.wait()[0] for _ in children]
        print(set(waited) == children)
    """
    assert machine.run(code) == (0, "True\n", "")
    until(machine.serving, "the broker")


def test_a_signal_that_the_program_has_blocked_waits_for_it(machine, listener):
    code = """
        import headway, os, signal, sys, time
        with headway.operation("Work"):
            sys.stdin.read()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.2)
            print(sorted(signal.sigpending()) == [signal.SIGHUP, signal.SIGTERM])
            print(signal.sigwait({signal.SIGTERM}) == signal.SIGTERM)
            print(signal.sigwait({signal.SIGHUP}) == signal.SIGHUP)
    """
    assert heard(machine, listener, code) == (0, "True\nTrue\nTrue\n", "")
    assert listener.named("Work").state == "completed"


def test_a_callback_for_cancelling_takes_signals_as_the_program_does(machine, listener):
    code = """
        import headway, queue, signal
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        masks = queue.Queue()
        with headway.operation("Work") as op:
            op.on_cancel(lambda: masks.put(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
            print("ready", flush=True)
            print(masks.get() == {signal.SIGUSR1})
    """
    program = machine.start(code)
    assert program.stdout.readline() == "ready\n"
    operation = until(lambda: listener.named("Work"), "the operation")
    listener.send(operation, messages.Cancel(7, operation.id, None, False))
    assert machine.finish(program) == (0, "True\n", "")


def test_files_in_the_place_of_descriptors_that_were_closed_are_not_written_to(machine):
    code = """
        import headway, os, sys
        from headway.reporting.reporter import reporter
        with headway.operation("Work") as op, op.stage("Step") as stage:
            stage.advance()
            end = reporter().thread._write
            os.dup2(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600), end)
            for _ in range(100):
                stage.advance()
                reporter().thread._wake_pending = False
                reporter().wake()
            print(os.path.getsize(sys.argv[1]), flush=True)
    """
    assert machine.run(code, os.path.join(machine.folder, "file"))[:2] == (0, "0\n")


def test_a_program_that_closes_all_descriptors_goes_on_and_so_does_its_progress(machine, listener):
    code = """
        import headway, os, sys, time
        with headway.operation("Work") as op, op.stage("Step", total=9) as stage:
            stage.advance()
            sys.stdin.read()
            os.closerange(3, 4096)
            opened = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
            for _ in range(8):
                stage.advance()
                time.sleep(0.05)
            print(opened, os.path.getsize(sys.argv[1]))
    """
    path = os.path.join(machine.folder, "file")
    assert heard(machine, listener, code, path) == (0, "3 0\n", "")
    work = listener.named("Work")
    assert (work.state, listener.stage(work, "Step").done) == ("completed", 9)


def test_an_end_is_known_before_another_program_takes_the_process_over(machine, listener):
    code = """
        import headway, os, sys
        with headway.operation("Prepare"):
            pass
        os.execvp(sys.executable, [sys.executable, "-c", "print('other')"])
    """
    assert machine.run(code) == (0, "other\n", "")
    until(lambda: listener.named("Prepare").state == "completed", "its end")


def test_an_end_is_left_in_a_file_where_nobody_takes_it_before_another_program_does(machine):
    code = """
        import headway, os, sys
        with headway.operation("Prepare"):
            pass
        os.execvp(sys.executable, [sys.executable, "-c", "print('other')"])
    """
    assert machine.run(code) == (0, "other\n", "")
    left = [file.read_bytes() for file in pathlib.Path(machine.path("unsent")).glob("*")]
    assert any(b"Prepare" in data and b"completed" in data for data in left)


@pytest.mark.parametrize("streams", ["open", "closed"])
def test_an_end_is_left_in_a_file_where_the_program_has_used_up_all_descriptors(machine, streams):
    """With its standard streams closed any number may be anybody's."""
    path = machine.file(
        "greedy.py",
        """
        import os, resource, sys, time
        import headway

        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        operation = headway.operation("Greedy").start()
        folder = os.path.join(os.environ["HEADWAY_RUNTIME_DIR"], "unsent")
        while True:  # the thread has done all that it imports
            told = getattr(sys.modules.get("headway.reporting.connection"), "Connection", None)
            if told and os.path.isdir(folder) and os.listdir(folder):
                break
            time.sleep(0.01)
        try:
            while True:
                os.open(os.devnull, os.O_RDONLY)
        except OSError:
            pass
        operation.complete()
        """,
    )
    close = "<&- >&- 2>&-" if streams == "closed" else ""
    program = machine.spawn("sh", "-c", f'exec "$0" "$1" {close}', sys.executable, path)
    assert program.wait(60) == 0
    folder = machine.path("unsent")
    (name,) = [one for one in os.listdir(folder) if not one.startswith(".")]
    with open(os.path.join(folder, name), "rb") as file:
        told = [
            message for message in frames(file.read())[0] if isinstance(message, messages.Announce)
        ]
    assert [message.operation[2:5:2] for message in told] == [["Greedy", "completed"]]


def test_ends_that_are_left_in_files_one_after_the_other_are_all_there(machine):
    code = """
        import headway, os
        for name in ("First", "Second"):
            with headway.operation(name):
                pass
            try:
                os.execv("/nonexistent", ["x"])
            except FileNotFoundError:
                pass
    """
    assert machine.run(code) == (0, "", "")
    left = b"".join(file.read_bytes() for file in pathlib.Path(machine.path("unsent")).glob("*"))
    assert b"First" in left
    assert b"Second" in left


def test_a_program_that_cannot_be_executed_changes_nothing(machine, listener):
    code = """
        import headway, os
        with headway.operation("Work"):
            try:
                os.execv("/nonexistent", ["x"])
            except FileNotFoundError:
                print("still here")
    """
    assert machine.run(code) == (0, "still here\n", "")
    assert listener.named("Work").state == "completed"


def test_an_end_is_known_before_an_exit_that_runs_no_handlers(machine, listener):
    code = """
        import headway, os
        with headway.operation("Work"):
            pass
        os._exit(3)
    """
    assert machine.run(code) == (3, "", "")
    until(lambda: listener.named("Work").state == "completed", "its end")


@pytest.mark.parametrize("leave", ["os._exit(3)", "os._exit(status=3)"])
def test_an_exit_that_runs_no_handlers_fails_what_is_open_by_its_status(machine, listener, leave):
    code = f"""
        import headway, os
        left = headway.operation("Left").start()
        with left.stage("Only"):
            pass
        {leave}
    """
    assert machine.run(code) == (3, "", "")
    left = until(lambda: listener.named("Left"))
    assert (left.state, left.error, left.exit_status) == ("failed", "exit status 3", 3)


def test_nobody_knows_of_a_block_that_was_left_at_once_with_success_whether_it_was_done(
    machine, listener
):
    code = """
        import headway, os
        with headway.operation("Work") as op:
            for _ in op.track(range(40), "Loop"):
                pass
            os._exit(0)
    """
    assert machine.run(code) == (0, "", "")
    work = until(lambda: listener.named("Work"))
    (loop,) = work.stages.values()
    assert (work.state, work.reason) == ("ended", "left by os._exit")
    assert (loop.state, loop.done) == ("completed", 40)


def test_an_operation_that_a_daemon_goes_on_with_has_not_crashed(machine, listener):
    code = """
        import headway, os
        op = headway.operation("Work")
        op.__enter__()
        if os.fork():
            os._exit(0)
        os.setsid()
        for _ in op.track(range(40), "Loop"):
            pass
        op.__exit__(None, None, None)
    """
    assert machine.run(code) == (0, "", "")
    work = until(lambda: listener.named("Work"))
    loop = until(lambda: listener.named("Loop"))
    until(lambda: listener.named("Loop").state == "completed", "the end of the loop")
    assert (work.state, work.reason) == ("ended", "left by os._exit")
    assert loop.parent == work.id


def test_an_exit_that_is_refused_ends_nothing(machine, listener):
    code = """
        import headway, os
        with headway.operation("Work"):
            try:
                os._exit("three")
            except TypeError:
                print("still here")
    """
    assert machine.run(code) == (0, "still here\n", "")
    assert until(lambda: listener.named("Work")).state == "completed"


def test_an_operation_may_end_in_an_exit_handler(machine, listener):
    code = """
        import headway, atexit, contextlib
        stack = contextlib.ExitStack()
        atexit.register(stack.close)
        stack.enter_context(headway.operation("Whole"))
        late = headway.operation("Late").start()
        atexit.register(late.complete)
        print("done")
    """
    assert machine.run(code) == (0, "done\n", "")
    assert listener.named("Whole").state == "completed"
    assert listener.named("Late").state == "completed"


def test_an_operation_that_begins_in_an_exit_handler_is_known(machine):
    code = """
        import headway, atexit
        def late():
            with headway.operation("Late") as op:
                for _ in op.track(range(3), "loop"):
                    pass
        atexit.register(late)
        print("done")
    """
    with Listener(machine.directory) as listener:
        assert machine.run(code) == (0, "done\n", "")
        known = [op.name for op in listener.operations.values()]
    left = [file.read_bytes() for file in pathlib.Path(machine.path("unsent")).glob("*")]
    assert "Late" in known or b"Late" in b"".join(left)


@pytest.mark.skipif(sys.platform != "linux", reason="other limits elsewhere")
@pytest.mark.parametrize("limit", [34, 38, 42, 46, 60])
def test_where_memory_is_scarce_the_program_goes_on_without_us(machine, listener, limit):
    code = """
        import resource, sys
        limit = int(sys.argv[1]) << 20
        import headway
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + limit - (30 << 20), used + limit))
        import time
        with headway.operation("Work") as op:
            for _ in op.track(range(3), "loop"):
                time.sleep(0.1)
        print("done")
    """
    status, out, err = machine.run(code, str(limit))
    assert (status, out) == (0, "done\n"), err


def test_threads_that_fork_side_by_side_all_go_on(machine, listener):
    code = """
        import headway, os, sys, threading, warnings
        warnings.simplefilter("ignore")
        sys.setswitchinterval(1e-6)
        with headway.operation("Work") as op, op.stage("Step") as stage:
            stage.advance()
            def fork():
                for _ in range(60):
                    pid = os.fork()
                    if pid == 0:
                        os._exit(0)
                    os.waitpid(pid, 0)
            threads = [threading.Thread(target=fork) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        print("done")
    """
    assert machine.run(code, timeout=60) == (0, "done\n", "")
    assert listener.named("Work").state == "completed"


GREEN = """
    import sys, time, types, _thread
    real = _thread.start_new_thread
    _thread.start_new_thread = lambda *arguments: real(*arguments)  # as gevent puts its own there
    import headway
    print([item for item in headway.track([1, 2, 3])])
    print(headway.reporting.reporter.reporter().off)
"""


def test_beside_green_threads_nothing_is_reported_and_nothing_hangs(machine, listener):
    assert machine.run(GREEN) == (0, "[1, 2, 3]\nTrue\n", "")
    assert not listener.operations


@pytest.mark.parametrize("name", ["token", "random", "platform", "subprocess", "resource"])
def test_a_file_of_the_program_that_hides_the_standard_librarys_is_not_run(machine, listener, name):
    machine.file(f"{name}.py", "print('I was run')")
    code = """
        import headway, time
        with headway.operation("Work") as op:
            for _ in op.track(range(3), "loop"):
                time.sleep(0.1)
        print("done")
    """
    assert machine.run(code) == (0, "done\n", "")


def test_a_program_whose_pyzmq_cannot_be_imported_goes_on_and_its_end_is_left(machine):
    machine.file("zmq.py", "raise ImportError('built for another Python')")
    code = """
        import headway, time
        from headway.reporting.reporter import reporter
        with headway.operation("Work") as op:
            until = time.monotonic() + 30
            while not reporter().off and time.monotonic() < until:
                time.sleep(0.01)
            for _ in op.track(range(3), "loop"):
                pass
            print(op.state)
        print(op.state)
    """
    assert machine.run(code) == (0, "running\ncompleted\n", "")
    (left,) = pathlib.Path(machine.path("unsent")).glob("[!.]*")
    _, announced, _ = frames(left.read_bytes())[0]
    assert announced.operation[2:5:2] == ["Work", "completed"]


def test_objects_of_the_script_are_finalized_while_its_modules_are_there(machine, listener):
    code = """
        import json, os, headway
        class Temporary:
            def __del__(self):
                os.write(1, json.dumps("finalized").encode())
        temporary = Temporary()
        with headway.operation("Work"):
            pass
    """
    assert machine.run(code) == (0, '"finalized"', "")
    assert listener.named("Work").state == "completed"


LATE_ENDS = {
    "a finalizer": """
        import headway
        class Finalized:
            def __init__(self):
                self.work = headway.operation("Work").start()
            def __del__(self):
                self.work.complete()
        finalized = Finalized()
    """,
    "a handler that runs after ours": """
        import atexit
        atexit.register(lambda: work.complete())
        import headway
        work = headway.operation("Work").start()
    """,
}


def told_last(machine):
    """What the files of the spool tell: name of the operation → its state and exit status."""
    told = {}
    for file in pathlib.Path(machine.path("unsent")).glob("[!.]*"):
        for message in frames(file.read_bytes())[0]:
            if isinstance(message, messages.Announce):
                _, revision, name, _, state, *_ = message.operation
                told.setdefault(name, {})[revision] = state, message.operation[13]
    return {name: by_revision[max(by_revision)] for name, by_revision in told.items()}


@pytest.mark.parametrize("code", LATE_ENDS.values(), ids=LATE_ENDS)
def test_an_end_that_comes_after_the_programs_end_was_judged_corrects_it(machine, code):
    assert machine.run(code) == (0, "", "")
    assert told_last(machine) == {"Work": ("completed", None)}


def test_an_exit_by_another_status_after_the_programs_end_was_judged_corrects_it(machine):
    code = """
        import atexit, os
        atexit.register(lambda: os._exit(3))
        import headway
        stage = headway.operation("Work").start().stage("Files", total=10).start()
        stage.advance(4)
        done = headway.operation("Done").start()
        done.complete()
    """
    assert machine.run(code) == (3, "", "")
    assert told_last(machine) == {"Work": ("failed", 3), "Done": ("completed", None)}


LOADED = """
    import sys, headway
    before = set(sys.modules)
    with headway.operation("Work") as op:
        for _ in op.track(range(3), "loop"):
            sys.stdin.read()
    library = __import__("os").path.dirname(__import__("os").__file__)
    for name in sorted(set(sys.modules) - before):
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(library) and "site-packages" not in file and "." not in name:
            print(name.partition(".")[0])
"""


def test_every_module_of_the_standard_library_that_we_load_is_looked_for(machine, listener):
    status, out, _ = heard(machine, listener, LOADED)
    assert status == 0
    assert {name for name in out.split() if not name.startswith("_")} <= shadowed_stdlib.NEEDED
    assert listener.named("Work").state == "completed"
