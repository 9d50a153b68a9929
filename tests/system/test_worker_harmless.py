"""What programs do that has nothing to do with progress goes on as it would without us."""

import os
import pathlib
import sys

import pytest
from listener import heard
from machine import until

from headway.host.launch import shadowed_stdlib
from headway.protocol import messages
from headway_broker.shell.spool import Spool, frames


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


def test_the_end_of_a_program_that_may_write_no_file_is_left(machine):
    code = """
        import headway, resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        with headway.operation("Work"):
            pass
    """
    machine.environ["HEADWAY_BROKER"] = "never"
    assert machine.run(code) == (0, "", "")
    (left,) = Spool(os.path.dirname(machine.path("unsent")), os.getuid()).read(1.0)
    assert os.path.islink(left.path)
    assert left.messages[1].operation[2:5:2] == ["Work", "completed"]


@pytest.mark.parametrize("name", ["", "token", "random", "platform", "subprocess", "resource"])
def test_a_file_of_the_program_that_hides_the_standard_librarys_is_not_run(machine, listener, name):
    machine.file(f"{name or 'mine'}.py", "print('I was run')")
    code = """
        import headway, time
        from headway.reporting.reporter import reporter
        with headway.operation("Work") as op:
            until = time.monotonic() + 30
            while not (reporter().off or reporter().publisher.welcome) and time.monotonic() < until:
                time.sleep(0.01)
            for _ in op.track(range(3), "loop"):
                pass
        thread = reporter().thread
        print(reporter().off, thread.reason)
    """
    status, out, err = machine.run(code)
    assert (status, err) == (0, "")
    if name:
        assert out.startswith("True ImportError: ")
        assert f"{name}.py hides a module of the standard library" in out
        assert not listener.operations
    else:  # what would have been heard
        assert out == "False None\n"
        assert listener.named("Work").state == "completed"


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
