"""`headway notify` with real brokers, workers, session buses and a real notification service."""

import os
import signal
import subprocess
import textwrap
import time

import desktop as support
import psutil
import pytest
from machine import killed, until
from real import HEADWAY, Real, let_go

pytestmark = pytest.mark.skipif(support.missing() is not None, reason=str(support.missing()))


class Session(Real):
    """A desktop session with notifiers, and what they told."""

    def __init__(self):
        super().__init__()
        self.desktop = support.Desktop()
        self.environ.update(self.desktop.environ)
        self.notifiers = []

    def notifier(self):
        """A `headway notify` that follows the broker."""
        process = self.spawn(*HEADWAY, "notify")
        self.notifiers.append(process)
        assert "notifying" in process.stderr.readline()
        until(lambda: self.viewers() >= len(self.notifiers), "the notifier at the broker")
        return process

    def viewers(self):
        """How many follow the broker."""
        return self.ask("status")["viewers"] if self.serving() else 0

    def perform(self, code):
        """Run a program that reports to its end."""
        status, _, complaint = self.finish(self.program(textwrap.dedent(code)), 60)
        assert status == 0, complaint

    def told(self):
        """Every notification so far: (title, body)."""
        return [(title, body) for _app, title, body, _ms in self.desktop.notified()]

    def told_in_all(self):
        """Every notification there is, once all notifiers have left."""
        for process in self.notifiers:
            process.send_signal(signal.SIGINT)
        for process in self.notifiers:
            assert process.wait(10) == 0
        return self.told()

    def close(self):
        super().close()
        self.desktop.close()


@pytest.fixture
def machine():
    machine = Session()
    yield machine
    machine.close()


def test_of_several_notifiers_one_tells_each_end(machine):
    machine.desktop.serve()
    for _ in range(3):
        machine.notifier()
    machine.perform("""
        for number in range(3):
            with headway.operation(f"wanted {number}", notify=True):
                pass
        with headway.operation("short"): pass
        with headway.operation("quiet", notify=False) as op: op.fail("x")
        with headway.operation("rm -rf <b>") as op: op.fail("no & no")
        with headway.operation("sent", notify="sent") as op: op.fail("told")
    """)
    until(lambda: len(machine.told()) >= 4)
    found = machine.told_in_all()
    told = dict(found)
    assert len(found) == 4
    assert sorted(told) == [
        "rm -rf <b> failed",
        "wanted 0 completed",
        "wanted 1 completed",
        "wanted 2 completed",
    ]
    assert told["rm -rf <b> failed"].endswith("no &amp; no")


def test_what_ended_before_it_came_is_not_told(machine):
    machine.desktop.serve()
    machine.perform("with headway.operation('before', notify=True): pass")
    machine.notifier()
    machine.perform("with headway.operation('after', notify=True): pass")
    until(machine.told)
    assert [title for title, _body in machine.told()] == ["after completed"]


def test_a_question_is_told_and_a_program_that_dies(machine):
    machine.desktop.serve()
    machine.notifier()
    process = machine.program("""
op = headway.operation("apt install nginx", notify=True).start()
op.wait("an answer: configuration file /etc/nginx.conf")
signal.pause()
""")
    until(lambda: "apt install nginx needs you" in dict(machine.told()))
    process.kill()
    until(lambda: "apt install nginx crashed" in dict(machine.told()))
    assert len(machine.told_in_all()) == 2


def test_it_survives_the_broker(machine):
    machine.desktop.serve()
    machine.notifier()
    machine.perform("with headway.operation('first', notify=True): pass")
    until(machine.told)
    killed(machine.serving())
    code = "with headway.operation('second', notify=True): sys.stdin.read()"
    second = machine.program(code, stdin=subprocess.PIPE)
    until(machine.viewers, "the notifier at the next broker")
    let_go(second)
    until(lambda: len(machine.told()) == 2)
    told = [title for title, _body in machine.told_in_all()]
    assert told == ["first completed", "second completed"]


def test_a_service_that_hangs_holds_neither_the_notifier_nor_its_end(machine):
    machine.desktop.serve()
    notifier = machine.notifier()
    machine.desktop.hang()
    machine.perform("with headway.operation('one', notify=True): pass")
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
    machine.desktop.leave()
    for number in range(3):
        machine.perform(f"with headway.operation('op {number}', notify=True): pass")
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
    machine.perform("""
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
