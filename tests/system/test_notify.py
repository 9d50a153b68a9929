"""`headway notify` with real brokers, workers, session buses and a real notification service."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

import desktop as support
import psutil
import pytest
from machine import until

pytestmark = pytest.mark.skipif(support.missing() is not None, reason=str(support.missing()))
HEADWAY = [sys.executable, "-m", "headway"]


class Machine:
    """A desktop session and a runtime directory, with notifiers and programs."""

    def __init__(self):
        self.desktop = support.Desktop()
        self.folder = tempfile.mkdtemp(prefix="hwn", dir="/tmp")
        os.chmod(self.folder, 0o700)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environ = {
            **kept,
            **self.desktop.environ,
            "HEADWAY_RUNTIME_DIR": f"{self.folder}/run",
            "HEADWAY_STATE_DIR": f"{self.folder}/state",
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
        }
        self.notifiers = []

    def notifier(self, **environ):
        """A `headway notify` that follows the broker."""
        process = subprocess.Popen(
            [*HEADWAY, "notify"],
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.notifiers.append(process)
        assert "notifying" in process.stderr.readline()
        viewers = len(self.notifiers)
        until(lambda: self.viewers() >= viewers)
        return process

    def viewers(self):
        done = self.headway("broker", "status", "--json")
        return json.loads(done.stdout)["viewers"] if done.returncode == 0 else 0

    def headway(self, *arguments):
        return subprocess.run(
            [*HEADWAY, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def program(self, code):
        """Run a program that reports, to its end."""
        done = subprocess.run(
            [sys.executable, "-c", "import headway, time\n" + textwrap.dedent(code)],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def told(self):
        return [(title, body) for _app, title, body, _ms in self.desktop.notified()]

    def close(self):
        for process in self.notifiers:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.communicate()
        self.headway("broker", "stop")
        until(lambda: not os.path.exists(f"{self.folder}/run/report.sock"))
        self.desktop.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def machine():
    machine = Machine()
    yield machine
    machine.close()


def test_of_several_notifiers_one_tells_each_end(machine):
    machine.desktop.serve()
    for _ in range(3):
        machine.notifier()
    machine.program("""
        for number in range(3):
            with headway.operation(f"wanted {number}", notify=True):
                pass
        with headway.operation("short"): pass
        with headway.operation("quiet", notify=False) as op: op.fail("x")
        with headway.operation("rm -rf <b>") as op: op.fail("no & no")
        with headway.operation("sent", notify="sent") as op: op.fail("told")
    """)
    until(lambda: len(machine.told()) >= 4)
    time.sleep(0.5)  # time for one too many
    told = dict(machine.told())
    assert len(machine.told()) == 4
    assert sorted(told) == [
        "rm -rf <b> failed",
        "wanted 0 completed",
        "wanted 1 completed",
        "wanted 2 completed",
    ]
    assert told["rm -rf <b> failed"].endswith("no &amp; no")


def test_what_ended_before_it_came_is_not_told(machine):
    machine.desktop.serve()
    machine.program("with headway.operation('before', notify=True): pass")
    machine.notifier()
    machine.program("with headway.operation('after', notify=True): pass")
    until(machine.told)
    assert [title for title, _body in machine.told()] == ["after completed"]


ASKING = """
import headway, time
op = headway.operation("apt install nginx", notify=True).start()
op.wait("an answer: configuration file /etc/nginx.conf")
time.sleep(60)
"""


def test_a_question_is_told_and_a_program_that_dies(machine):
    machine.desktop.serve()
    machine.notifier()
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            ASKING,
        ],
        env=machine.environ,
    )
    try:
        until(lambda: "apt install nginx needs you" in dict(machine.told()))
    finally:
        process.kill()
        process.wait()
    until(lambda: "apt install nginx crashed" in dict(machine.told()))
    assert len(machine.told()) == 2


def test_it_survives_the_broker(machine):
    machine.desktop.serve()
    machine.notifier()
    machine.program("with headway.operation('first', notify=True): pass")
    until(machine.told)
    (pid,) = [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "headway_broker" in " ".join(process.info["cmdline"] or ())
        and process.environ().get("HEADWAY_RUNTIME_DIR") == f"{machine.folder}/run"
    ]
    os.kill(pid, signal.SIGKILL)
    machine.program("with headway.operation('second', notify=True): time.sleep(1)")
    until(lambda: len(machine.told()) == 2)
    time.sleep(0.5)
    assert [title for title, _body in machine.told()] == ["first completed", "second completed"]


def test_a_service_that_hangs_holds_neither_the_notifier_nor_its_end(machine):
    machine.desktop.serve()
    notifier = machine.notifier()
    machine.desktop.hang()
    machine.program("with headway.operation('one', notify=True): pass")
    time.sleep(0.5)
    before = psutil.Process(notifier.pid).cpu_times()
    time.sleep(1)
    after = psutil.Process(notifier.pid).cpu_times()
    assert after.user + after.system - before.user - before.system < 0.2
    notifier.send_signal(signal.SIGINT)
    assert notifier.wait(5) == 0


def test_where_the_desktop_is_gone_it_says_so_and_leaves(machine):
    machine.desktop.serve()
    notifier = machine.notifier()
    machine.desktop._bus.kill()
    for number in range(3):
        machine.program(f"with headway.operation('op {number}', notify=True): pass")
    _out, complaint = notifier.communicate(timeout=20)
    if notifier.returncode == 1:  # dbus-python may end the process by itself
        assert "no desktop notifications are possible here" in complaint
    assert notifier.returncode != 0


@pytest.mark.parametrize(
    ("bus", "why"),
    [(None, "DBUS_SESSION_BUS_ADDRESS is not set"), ("real", "no notification service runs")],
)
def test_without_a_desktop_it_says_why(machine, bus, why):
    if bus is None:
        del machine.environ["DBUS_SESSION_BUS_ADDRESS"]
        if os.path.exists(f"/run/user/{os.getuid()}/bus"):
            pytest.skip("this machine has a session bus")
    done = machine.headway("notify")
    assert done.returncode == 1
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_help_has_examples(machine):
    done = machine.headway("notify", "--help")
    assert done.returncode == 0
    assert "examples:" in done.stdout


def test_a_tracker_that_notified_by_itself_is_not_told_again(machine):
    machine.desktop.serve()
    machine.notifier()
    machine.program("""
        from progress_tracker import ProgressTracker
        tracker = ProgressTracker("Installing PostgreSQL")
        tracker.start()
        tracker.start_stage(tracker.add_stage("Fetch"))
        tracker.complete(success=False, message="no space left")
        other = ProgressTracker("Quiet", enable_notifications=False)
        other.start()
        other.complete(success=False)
        with headway.operation("last", notify=True): pass
    """)
    until(lambda: "last completed" in dict(machine.told()))
    assert machine.told() == [
        ("Installing PostgreSQL Failed", "no space left"),
        ("last completed", machine.told()[-1][1]),
    ]
