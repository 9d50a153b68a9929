"""Requests to cancel, and whoever in a program hears them."""

import subprocess

import pytest
from machine import until

from headway.protocol import messages


def ask(machine, listener, code, *, name="Work", kill=False):
    """Start a program, ask to cancel when its first stage runs: (program, answer)."""
    program = machine.start(code, stdin=subprocess.PIPE)
    operation = until(lambda: listener.named(name))
    until(lambda: operation.stages)
    listener.send(operation, messages.Cancel(7, operation.id, "enough", kill))
    answer = until(lambda: listener.answers)[0]
    assert answer.request == 7
    return program, answer.answer


ITEMS = [
    "list(range(10_000_000))",
    "tuple(range(10_000_000))",
    "range(10_000_000)",
    "'x' * 10_000_000",
    "(x for x in range(10_000_000))",
    "{x: x for x in range(1_000_000)}",
]


@pytest.mark.parametrize("items", ITEMS)
def test_a_loop_is_left_at_its_next_item(machine, listener, items):
    code = f"""
        import headway, time
        try:
            with headway.operation("Work") as op:
                for _ in op.track({items}, "Loop"):
                    time.sleep(0.001)
        except headway.Cancelled as cancelled:
            print("cancelled:", cancelled)
    """
    program, answer = ask(machine, listener, code)
    assert answer == "accepted"
    assert machine.finish(program) == (0, "cancelled: enough\n", "")
    operation = listener.ended("Work")
    assert (operation.state, operation.reason) == ("cancelled", "enough")
    stage = listener.stage(operation, "Loop")
    assert stage.state == "cancelled"
    assert stage.done < 5_000


def test_who_looks_now_and_then_is_told(machine, listener):
    code = """
        import headway
        with headway.operation("Work") as op, op.stage("Step"):
            while True:
                op.check_cancelled()
    """
    program, answer = ask(machine, listener, code)
    assert answer == "accepted"
    assert machine.finish(program) == (130, "", "headway: cancelled: enough\n")
    assert listener.ended("Work").state == "cancelled"


WAYS = {
    "a script": "loop()",
    "a coroutine": "import asyncio\nasync def main(): loop()\nasyncio.run(main())",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_program_that_does_not_catch_it_ends_quietly(machine, listener, way):
    code = "import headway, time\ndef loop():\n"
    code += "    for _ in headway.track(range(10_000_000), 'Loop'): time.sleep(0.001)\n"
    program, answer = ask(machine, listener, code + WAYS[way], name="program0.py: Loop")
    assert answer == "accepted"
    assert machine.finish(program) == (130, "", "headway: cancelled: enough\n")
    operation = listener.ended("program0.py: Loop")
    assert (operation.state, operation.reason) == ("cancelled", "enough")


def test_what_a_cancelled_thread_leaves_open_is_cancelled_too(machine, listener):
    code = """
        import headway, threading, time
        op = headway.operation("Work").start()
        def work():
            for _ in op.track(range(10_000_000), "Loop"):
                time.sleep(0.001)
        thread = threading.Thread(target=work)
        thread.start(); thread.join()
    """
    program, answer = ask(machine, listener, code)
    assert answer == "accepted"
    assert machine.finish(program) == (0, "", "")
    assert listener.ended("Work").state == "cancelled"


def test_callbacks_are_called_with_the_request(machine, listener):
    code = """
        import headway, queue
        said = queue.Queue()
        with headway.operation("Work") as op:
            op.on_cancel(lambda request: said.put(f"{request.reason} {request.kill}"))
            op.on_cancel(lambda: said.put("plain"))
            with op.stage("Step"):
                for _ in range(2):
                    print(said.get())
                op.cancel("stopped")
                print(op.cancelled)
    """
    program, answer = ask(machine, listener, code, kill=True)
    assert answer == "accepted"
    status, out, err = machine.finish(program)
    assert (status, err) == (0, "")
    assert sorted(out.split("\n")) == ["", "True", "enough True", "plain"]
    assert listener.ended("Work").state == "cancelled"


def test_a_loop_in_the_main_thread_gets_what_a_ctrl_c_gives(machine, listener):
    code = """
        import headway, signal
        with headway.operation("Work") as op, op.stage("Step"):
            signal.pause()
    """
    program, answer = ask(machine, listener, code)
    assert answer == "accepted"
    status, _, err = machine.finish(program)
    assert status == -2
    assert "KeyboardInterrupt" in err
    operation = listener.ended("Work")
    assert (operation.state, operation.reason) == ("cancelled", "enough")


def test_an_asyncio_program_is_cancelled_as_by_a_ctrl_c(machine, listener):
    code = """
        import asyncio, headway
        async def main():
            with headway.operation("Work") as op, op.stage("Step"):
                await asyncio.Event().wait()
        asyncio.run(main())
    """
    program, answer = ask(machine, listener, code)
    assert answer == "accepted"
    assert machine.finish(program)[0] == -2
    assert listener.ended("Work").state == "cancelled"


def test_nobody_hears_it_in_a_thread_that_does_not_look(machine, listener):
    code = """
        import headway, sys, threading
        def work():
            with headway.operation("Work") as op, op.stage("Step"):
                sys.stdin.read()
        thread = threading.Thread(target=work)
        thread.start(); thread.join()
    """
    program, answer = ask(machine, listener, code)
    assert answer == "nobody"
    assert machine.finish(program) == (0, "", "")
    assert listener.ended("Work").state == "completed"


def test_nobody_hears_it_where_a_ctrl_c_would_not_be_heard(machine, listener):
    code = """
        import headway, signal, sys
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with headway.operation("Work") as op, op.stage("Step"):
            sys.stdin.read()
    """
    program, answer = ask(machine, listener, code)
    assert answer == "nobody"
    assert machine.finish(program) == (0, "", "")


def test_what_cannot_be_cancelled_says_so(machine, listener):
    code = """
        import headway, sys
        with headway.operation("Work", cancellable=False) as op:
            for _ in op.track(range(70), "Loop"):
                sys.stdin.read()
    """
    program, answer = ask(machine, listener, code)
    assert answer == "refused"
    assert machine.finish(program) == (0, "", "")
    assert listener.ended("Work").state == "completed"
