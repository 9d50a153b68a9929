"""What a signal's handler of the program raises amid our code reaches the program."""

import pathlib

import raising_handlers


def test_whatever_a_handler_raises_reaches_the_program(machine):
    program = machine.python(str(pathlib.Path(raising_handlers.__file__)), "0.1")
    out, errors = program.communicate(timeout=90)
    assert (program.returncode, errors) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    counts = {name: (int(raised), int(met)) for name, raised, met in lines}
    assert set(counts) == {"send", "kill", "exec", "iterate", "update", "name", "start"}
    assert all(raised == met > 0 for raised, met in counts.values()), counts


def test_an_exit_at_once_leaves_whatever_a_handler_raises(machine):
    code = """
        import headway, os, signal, time
        headway.operation("Work").start()
        def handler(*_):
            raise TimeoutError("late")
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        while True:
            try:
                os._exit(7)
            except TimeoutError:  # a moment before
                pass
    """
    assert machine.run(code, HEADWAY_BROKER="never")[0] == 7
