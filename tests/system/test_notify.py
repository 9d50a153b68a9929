"""`headway notify` with real brokers, workers, session buses and a real notification service."""

import os
import signal
import subprocess
import textwrap
import time

import desktop as support
import psutil
import pytest
import x_screen
from machine import HEADWAY, killed, until
from sandbox import Sandbox, let_go

MISSING = support.missing()
pytestmark = [pytest.mark.once, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]


class Session(Sandbox):
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
        until(self._attached, "the notifier at the broker")
        return process

    def _attached(self):
        # It starts no broker, and looks for one once a second.
        return not self.serving() or self.listeners() >= len(self.notifiers)

    def listeners(self):
        """How many listen to the broker."""
        return self.ask("status")["listeners"] if self.serving() else 0

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
def session():
    session = Session()
    yield session
    session.close()


@pytest.mark.oldest
def test_of_several_notifiers_one_tells_each_end(session):
    session.desktop.serve()
    for _ in range(3):
        session.notifier()
    # A broker is there, and the program stays until all are told: what it leaves behind for a
    # broker is without the error.
    session.held("a broker")
    code = """
with headway.operation("wanted", notify=True): pass
with headway.operation("short"): pass
with headway.operation("quiet", notify=False) as op: op.fail("x")
with headway.operation("rm -rf <b>") as op: op.fail("no & no")
with headway.operation("sent", notify="sent") as op: op.fail("told")
sys.stdin.read()
"""
    program = session.program(code, stdin=subprocess.PIPE)
    until(lambda: len(session.told()) >= 2)
    let_go(program)
    told = session.told_in_all()
    assert len(told) == 2
    assert dict(told)["rm -rf <b> failed"].startswith("no &amp; no")
    assert "wanted completed" in dict(told)


def test_eight_failures_at_once_are_one_notification(session):
    session.desktop.serve()
    session.notifier()
    session.perform("""
        ops = [headway.operation(f"op {number}").start() for number in range(8)]
        for op in ops: op.fail("no space left")
    """)
    until(session.told)
    ((title, body),) = session.told_in_all()
    assert title == "8 ended, 8 failed"
    assert body.endswith("and 5 more")


@pytest.mark.skipif(x_screen.missing() is not None, reason=str(x_screen.missing()))
def test_dunst_shows_a_failure_and_a_success(session):
    screen = session.desktop.show()
    session.notifier()
    session.perform("""
        op = headway.operation("npm install").start()
        op.fail("404 Not Found")
        with headway.operation("build", notify=True): pass
    """)
    until(lambda: screen.has("critical") and screen.has("low"), "both")
    assert session.desktop.shown() == 2


def test_what_ended_before_it_came_is_not_told(session):
    session.desktop.serve()
    session.perform("with headway.operation('before', notify=True): pass")
    session.notifier()
    session.perform("with headway.operation('after', notify=True): pass")
    until(session.told)
    assert [title for title, _body in session.told()] == ["after completed"]


def test_a_question_is_told_and_a_program_that_dies(session):
    session.desktop.serve()
    session.notifier()
    process = session.program("""
op = headway.operation("apt install nginx", notify=True).start()
op.wait("an answer: configuration file /etc/nginx.conf")
signal.pause()
""")
    until(lambda: "apt install nginx needs you" in dict(session.told()))
    process.kill()
    until(lambda: "apt install nginx crashed" in dict(session.told()))
    assert len(session.told_in_all()) == 2


def test_it_survives_the_broker(session):
    session.desktop.serve()
    session.notifier()
    session.perform("with headway.operation('first', notify=True): pass")
    until(session.told)
    killed(session.serving())
    code = "with headway.operation('second', notify=True): sys.stdin.read()"
    second = session.program(code, stdin=subprocess.PIPE)
    until(session.listeners, "the notifier at the next broker")
    let_go(second)
    until(lambda: len(session.told()) == 2)
    told = [title for title, _body in session.told_in_all()]
    assert told == ["first completed", "second completed"]


def test_a_service_that_hangs_holds_neither_the_notifier_nor_its_end(session):
    session.desktop.serve()
    notifier = session.notifier()
    session.desktop.hang()
    session.perform("with headway.operation('one', notify=True): pass")
    time.sleep(0.5)
    before = psutil.Process(notifier.pid).cpu_times()
    time.sleep(1)
    after = psutil.Process(notifier.pid).cpu_times()
    assert after.user + after.system - before.user - before.system < 0.2
    notifier.send_signal(signal.SIGINT)
    assert notifier.wait(5) == 0


def test_where_the_desktop_is_gone_it_says_so_and_leaves(session):
    session.desktop.serve()
    notifier = session.notifier()
    session.desktop.leave()
    for number in range(3):
        session.perform(f"with headway.operation('op {number}', notify=True): pass")
    _out, complaint = notifier.communicate(timeout=20)
    if notifier.returncode == 1:  # dbus-python may end the process by itself
        assert "no notifications are possible here" in complaint
    assert notifier.returncode != 0


@pytest.mark.parametrize(
    ("bus", "why"),
    [(None, "DBUS_SESSION_BUS_ADDRESS is not set"), ("real", "no notification service runs")],
)
def test_without_a_desktop_it_says_why(session, bus, why):
    if bus is None:
        del session.environ["DBUS_SESSION_BUS_ADDRESS"]
        if os.path.exists(f"/run/user/{os.getuid()}/bus"):
            pytest.skip("this machine has a session bus")
    done = session.headway("notify")
    assert done.returncode == 1
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_it_starts_no_broker_and_keeps_none(session):
    session.desktop.serve()
    notifier = session.notifier()
    session.perform("pass")
    assert session.serving() is None
    session.perform("with headway.operation('one', notify=True): pass")
    until(session.told)
    assert session.ask("status")["viewers"] == 0
    session.headway("broker", "stop")
    until(lambda: session.serving() is None, "the end of the broker")
    session.perform("with headway.operation('two', notify=True): pass")
    until(lambda: len(session.told()) == 2)
    assert notifier.poll() is None


def test_an_end_for_which_no_broker_was_started_is_told_after_one_that_left(session):
    session.desktop.serve()
    session.notifier()
    session.perform("with headway.operation('one', notify=True): pass")
    until(session.told, "the first end", 60)
    session.headway("broker", "stop")
    until(lambda: session.serving() is None, "the end of the broker", 60)
    code = "with headway.operation('two', notify=True): pass"
    program = session.program(code, environ={"HEADWAY_BROKER": "never"})
    assert session.finish(program, 60)[0] == 0
    until(lambda: len(session.told()) == 2, "the second end", 60)


def test_help_has_examples(session):
    done = session.headway("notify", "--help")
    assert done.returncode == 0
    assert "examples:" in done.stdout


def test_a_tracker_that_notified_by_itself_is_not_told_again(session):
    session.desktop.serve()
    session.notifier()
    session.perform("""
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
    # Who tells first is not said: they are two processes.
    until(lambda: {"last completed", "Installing PostgreSQL Failed"} <= set(dict(session.told())))
    told = dict(session.told())
    assert told["Installing PostgreSQL Failed"] == "no space left"
    assert len(session.told()) == len(told) == 2
