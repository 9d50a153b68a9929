"""Every way out of a program: exec, `os._exit`, exit handlers, and what is told after its end."""

import os
import pathlib
import sys

import pytest
from listener import Listener
from machine import until

from headway.protocol import messages
from headway_broker.shell.spool import frames


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


def test_a_program_that_clears_its_environment_goes_on_reporting_where_it_began(machine):
    code = """
        import headway, os
        with headway.operation("Work"):
            os.environ.clear()
            os.chdir("/")
            child = os.fork()
            if not child:
                with headway.operation("Child"):
                    pass
                os._exit(0)
            os.waitpid(child, 0)
    """
    assert machine.run(code) == (0, "", "")
    assert told_last(machine) == {"Work": ("completed", None), "Child": ("completed", None)}
