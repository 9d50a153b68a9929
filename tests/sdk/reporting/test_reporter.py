"""What there is one of in a process."""

import os
import subprocess
import sys
import threading
import time

import pytest

import headway
from headway.host.random_id import random_id
from headway.reporting.reporter import EXIT_LIMIT, Reporter, reporter, use
from headway.reporting.spool.births import Births
from headway.reporting.thread import EXIT_TIMEOUT, GOODBYE
from headway.reporting.viewers.terminal_viewer import TerminalViewer
from headway.testing import reporting


def test_reports_go_to_the_reporter_in_use():
    before = reporter()
    with reporting() as other:
        assert reporter() is other
    assert reporter() is before


def test_threads_that_report_first_at_the_same_time_share_one_reporter(monkeypatch):
    both = threading.Barrier(2)

    def slowly():
        both.wait(10)
        return Reporter(random_id(16), off=True)

    monkeypatch.setattr("headway.reporting.reporter._new_reporter", slowly)
    before = use(None)
    found = []
    try:
        threads = [threading.Thread(target=lambda: found.append(reporter())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        use(before)
    assert found[0] is found[1]


def test_where_nothing_is_sent_nothing_is_started():
    other = Reporter("s" * 16, off=True)
    before = use(other)
    try:
        other.wake()
        assert other.thread is None
        assert other.publisher.mute
    finally:
        use(before)


def test_from_the_programs_end_on_all_threads_but_its_own_come_late_to_the_lock(
    reporter, monkeypatch
):
    late = []
    monkeypatch.setattr("headway.host.threads.sleep", lambda _: late.append(1))

    def visit(ours):
        if ours:
            reporter.reporting_thread = threading.get_ident()
        with reporter.lock, reporter.lock:
            pass

    def visits(ours):
        late.clear()
        thread = threading.Thread(target=visit, args=(ours,))
        thread.start()
        thread.join()
        return len(late)

    assert visits(ours=False) == 0
    reporter.end()
    reporter.end()
    assert (visits(ours=False), visits(ours=True)) == (1, 0)
    visit(ours=False)
    assert not late


def test_a_program_that_ends_settles_what_it_left_open(reporter):
    op = headway.operation("Work").start()
    step = op.stage("Step").start()
    reporter.judge_open()
    assert (op.state, op.model.error) == ("failed", "the program ended before it")
    assert step.state == "failed"
    op.complete("late, but told")
    step.complete()
    assert (op.state, step.state) == ("completed", "completed")
    op.fail("later still")
    assert op.state == "completed"


def test_what_begins_after_the_program_has_ended_is_judged_and_told_no_more(reporter):
    """A daemon thread's: each that the reporting thread judged again wrote the file of the end."""
    with headway.operation("Work"):
        pass
    reporter.judge_open()
    changes = reporter.publisher.changes
    late = headway.operation("Late").start()
    reporter.judge_open()
    assert late.open
    assert reporter.publisher.changes == changes
    assert not reporter.verdicts.judged()


def test_a_program_that_only_forgot_to_say_has_completed(reporter):
    op = headway.operation("Work").start()
    op.stage("Step").start().complete()
    reporter.judge_open()
    assert op.state == "completed"


def test_an_operation_whose_only_stage_stopped_early_has_not_done_all(reporter):
    op = headway.operation("Work").start()
    op.stage("Step", total=10).start().advance(4)
    reporter.judge_open()
    assert (op.state, op.model.reason) == ("completed", "stopped at 4 of 10")
    assert op.model.even_progress() == 0.4


def test_what_a_program_reports_after_its_end_is_too_late_and_no_error(reporter):
    op = headway.operation("Work").start()
    reporter.judge_open()
    with op.stage("Clean up") as stage:
        stage.advance(2)
        assert stage.done == 2
    assert list(op.track([1, 2])) == [1, 2]
    op.start()
    op.wait("a lock")
    with headway.operation("Another") as other, other.stage("Step"):
        pass


def test_importing_the_sdk_loads_nothing_heavy():
    code = (
        "import sys, headway\n"
        "heavy = {'zmq', 'msgpack', 'rich', 'asyncio', 'logging', 'dataclasses', 'socket',"
        " 'typing', 'collections',"
        " 'subprocess', 'multiprocessing', 'inspect', 'headway.host.launch.broker_launch',"
        " 'headway.host.desktop', 'headway.reporting.connection', 'headway.formatting',"
        " 'headway.reporting.interfaces'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    out = subprocess.run(
        [sys.executable, "-S", "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert out.stdout == "[]\n"


@pytest.mark.timeout(5)
def test_a_flush_ends_in_time_whatever_clock_the_reports_have(clock):
    with reporting(clock) as other:
        other.publisher.connected()
        headway.operation("Work").start()
        assert other.publisher.unsaid
        other.flush(0.01)
        assert other.publisher.unsaid


@pytest.mark.timeout(5)
def test_a_greeting_is_awaited_until_the_broker_knows_or_it_is_over():
    with reporting() as other:
        headway.operation("Work").start()
        assert other.publisher.welcome is None
        other.await_greeting(0.01, lambda: False)
        other.await_greeting(3600, lambda: True)
        asked = []
        other.await_greeting(3600, lambda: asked.append(1) or len(asked) > 1)
        assert len(asked) == 2
    with reporting() as other:
        other.publisher.welcome = object()
        assert not other.publisher.unsaid
        other.await_greeting(3600, lambda: False)


@pytest.mark.timeout(5)
def test_a_flush_before_a_broker_greets_waits_for_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    with reporting() as other:
        births = other.births = Births(other)
        headway.operation("Work").start()
        births.keep(1.0, listening=True)
        monkeypatch.setattr(other.thread, "wake", lambda: births.keep(1.0, listening=True))
        other.flush(3600)
        assert births.has_told
        assert len(os.listdir(tmp_path / "unsent")) == 1


def test_its_end_has_one_deadline_for_the_delivery_and_the_receipts(reporter, monkeypatch):
    deadlines = []
    monkeypatch.setattr(reporter, "off", False)
    print_pending = lambda until, shared: deadlines.append(until)  # noqa: E731
    monkeypatch.setattr(reporter.receipts, "print_pending", print_pending)
    before = time.monotonic()
    reporter.end()
    after = time.monotonic()
    assert [before <= until - EXIT_LIMIT <= after for until in deadlines] == [True]
    assert EXIT_TIMEOUT + GOODBYE < EXIT_LIMIT <= 1.0


@pytest.mark.parametrize("judged", [False, True])
def test_what_has_ended_is_freed_once_a_file_tells_it_unless_it_may_be_corrected(
    tmp_path, monkeypatch, judged
):
    """Else the interpreter looks at all of it, more than once, before it is gone."""
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("SUDO_UID", raising=False)
    with reporting() as other:
        with headway.operation("Work"):
            pass
        if judged:
            headway.operation("Left").start()
        other.end()
        assert len(os.listdir(tmp_path / "unsent")) == 1
        assert len(other.publisher.operations) == 2 * judged


def test_what_no_file_tells_is_not_freed(tmp_path, monkeypatch):
    (tmp_path / "no directory").write_bytes(b"")
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "no directory"))
    with reporting() as other:
        with headway.operation("Work"):
            pass
        other.end()
        assert len(other.publisher.operations) == 1


def test_an_end_at_once_waits_for_no_receipt_that_nobody_prints(reporter, clock, monkeypatch):
    monkeypatch.setattr("headway.host.identity.terminal", lambda: None)
    monkeypatch.setattr(reporter, "off", False)
    slept = []
    monkeypatch.setattr("headway.reporting.reporter.sleep", slept.append)
    with headway.operation("Work"):
        clock.advance(1.0)
    assert reporter.receipts.pending()
    assert reporter.thread is not None
    reporter.leave_receipts()
    assert slept == []


def test_an_end_tells_a_ci_job_what_no_viewer_has_in_time(reporter, clock, tmp_path, monkeypatch):
    (tmp_path / "run").mkdir(mode=0o700)
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("CI", "true")
    begun = []
    monkeypatch.setattr(TerminalViewer, "tell_ends", lambda _self, ended: begun.append(ended))
    told, late = headway.operation("told").start(), headway.operation("late").start()
    clock.advance(5.0)
    told.complete()
    late.complete()
    reporter.receipts.answered([told.id])
    reporter.end()
    assert summary.read_text().startswith("**late** 5 s\n")
    assert "told" not in summary.read_text()
    assert [[one.name for one in ended] for ended in begun] == [["late"]]
