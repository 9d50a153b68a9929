"""Signals that come to `headway run` while it is still importing what follows its command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from machine import until

pytestmark = pytest.mark.once

COMMAND = [sys.executable, "-c", "import headway_command; headway_command.program()", "run"]
# Holds each import of one module, for 40 s at most.
HELD = """
import os, sys, time
class Holding:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            open({reached!r}, "w").close()
            for _ in range(4000):
                if os.path.exists({go!r}):
                    return
                time.sleep(0.01)
sys.meta_path.insert(0, Holding())
"""
# Notes each signal that it is sent, and ends by the first with 7.
COMMANDED = """
import os, signal, sys
def note(number, frame):
    with open({came!r}, "w") as file:
        file.write(str(int(number)))
    os._exit(7)
for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1"):
    signal.signal(getattr(signal, name), note)
open({ready!r}, "w").close()
while True:
    signal.pause()
"""


class Held:
    """`headway run` of a command that listens, held where it imports `module`."""

    def __init__(self, machine, folder, module, script=COMMANDED, **popen):
        names = ("reached", "go", "came", "ready")
        self.reached, self.go, self.came, self.ready = paths = [folder / name for name in names]
        known = {name: str(path) for name, path in zip(names, paths)}
        (folder / "sitecustomize.py").write_text(HELD.format(module=module, **known))
        (folder / "listens.py").write_text(script.format(**known))
        argv = [*COMMAND, "--", sys.executable, "-S", str(folder / "listens.py")]
        self.process = machine.spawn(*argv, environ={"PYTHONPATH": str(folder)}, **popen)
        until(lambda: self.reached.exists() and self.ready.exists(), seconds=25)

    def ended(self):
        """Let the import go on; the exit status."""
        self.go.touch()
        return self.process.wait(timeout=60)


@pytest.mark.parametrize(
    ("module", "number"),
    [
        ("headway.run.streams.pump", signal.SIGTERM),
        ("headway.host.files.long_commands", signal.SIGHUP),
        ("headway.api.opening", signal.SIGTERM),
        ("headway.run.supervision.runner", signal.SIGTERM),
        ("headway.run.supervision.runner", signal.SIGINT),
        ("headway.run.supervision.runner", signal.SIGQUIT),
        ("headway.run.supervision.runner", signal.SIGUSR1),
    ],
)
def test_a_signal_reaches_the_command_whatever_is_being_imported(machine, tmp_path, module, number):
    held = Held(machine, tmp_path, module)
    os.kill(held.process.pid, number)
    until(lambda: held.came.exists() and held.came.read_text(), seconds=25)
    assert held.came.read_text() == str(int(number))
    assert held.ended() == 7


@pytest.mark.oldest
def test_what_ends_the_command_meanwhile_ends_us_alike(machine, tmp_path):
    held = Held(
        machine,
        tmp_path,
        "headway.run.supervision.runner",
        "import signal; open({ready!r}, 'w').close(); signal.pause()",
    )
    os.kill(held.process.pid, signal.SIGTERM)
    assert held.ended() == -signal.SIGTERM


# Stops itself while a thread relays signals, which has 0.2 s to begin, and as long to take what is
# not its own. In a group of its own: the signal is nothing to one that no shell watches.
STOPS = """
import os, select
from headway.run.process.signal_forwarding import SignalReceiver
os.setpgrp()
receiver = SignalReceiver()
receiver.start()
receiver.relay(lambda heard: True)
select.select([], [], [], 0.2)
kill = os.kill
os.kill = lambda *words: (kill(*words), select.select([], [], [], 0.2))
receiver.stop(group=False)
"""


def test_who_stops_does_so_while_a_thread_relays_signals(machine):
    process = subprocess.Popen([sys.executable, "-c", STOPS], env=machine.environ)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(timeout=60) == 0
