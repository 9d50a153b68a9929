"""When the viewer of a program's terminal is started, and waited for."""

import os
import sys

import pytest

import headway
from headway.host.files import key_files
from headway.host.files.terminal_locks import VIEWER, TerminalLock
from headway.protocol.endpoint import UNINSTALLED
from headway.reporting.reporter import EXIT_LIMIT
from headway.reporting.viewers import terminal_viewer
from headway.reporting.viewers.terminal_viewer import (
    CHECK_INTERVAL,
    MAX_STARTS,
    START_DELAY,
    TerminalViewer,
    viewer_of,
)

TERMINAL = ["-m", "headway_viewer.terminal"]
PID = ["--pid", str(os.getpid())]


@pytest.fixture
def started(monkeypatch, tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    started = []
    monkeypatch.setattr(terminal_viewer, "terminal", lambda: "/dev/no-such-terminal")
    monkeypatch.setattr(
        terminal_viewer.detached_process,
        "spawn",
        lambda argv, *_, **options: started.append((argv, options)),
    )
    return started


def test_a_viewer_is_started_half_a_second_after_the_first_operation(reporter, clock, started):
    viewer = TerminalViewer(reporter)
    assert viewer.deadline() is None
    headway.operation("Work").start()
    assert viewer.deadline() == 100.0 + START_DELAY
    viewer.look(clock.advance(START_DELAY / 2))
    assert started == []
    viewer.look(clock.advance(START_DELAY))
    ((argv, options),) = started
    assert argv == [
        sys.executable,
        *TERMINAL,
        "--tty",
        "/dev/no-such-terminal",
        "--session",
        reporter.session,
        *PID,
        "--role",
        str(options["keep"][0]),
    ]
    assert {**options, "keep": ()} == {"terminal": True, "foreign": False, "keep": ()}


def test_of_two_programs_in_one_terminal_one_starts_a_viewer(reporter, clock, started):
    first, second = TerminalViewer(reporter), TerminalViewer(reporter)
    headway.operation("Work").start()
    role = TerminalLock(2, VIEWER)
    assert role.acquire()  # as the viewer that another program has started
    first.look(clock.advance(START_DELAY))
    assert started == []
    role.close()
    second.look(clock.now)
    assert len(started) == 1


def test_another_viewer_is_started_where_the_first_is_gone(reporter, clock, started):
    viewer = TerminalViewer(reporter)
    headway.operation("Work").start()
    viewer.look(clock.advance(START_DELAY))
    assert len(started) == 1
    viewer.look(clock.advance(CHECK_INTERVAL))
    assert len(started) == 2
    for _ in range(9):
        viewer.look(clock.advance(CHECK_INTERVAL))
    assert len(started) == MAX_STARTS


def test_where_headway_was_uninstalled_no_other_viewer_is_started(
    reporter, clock, started, tmp_path
):
    viewer = TerminalViewer(reporter)
    headway.operation("Work").start()
    viewer.look(clock.advance(START_DELAY))
    (tmp_path / "run" / UNINSTALLED).touch()
    viewer.look(clock.advance(CHECK_INTERVAL))
    (tmp_path / "run" / UNINSTALLED).unlink()  # which this process would heed in every test
    assert len(started) == 1


def test_where_no_python_can_run_it_no_viewer_is_started(reporter, clock, started, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    viewer = TerminalViewer(reporter)
    headway.operation("Work").start()
    viewer.look(clock.advance(START_DELAY))
    assert started == []


def test_with_a_workers_key_alone_no_viewer_of_a_network_is_started(
    reporter, clock, started, monkeypatch, tmp_path
):
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("HEADWAY_ENDPOINT", "tcp://host:7411")
    keys = key_files.folder(os.environ, os.getuid())
    for role, count in (("worker", 0), ("viewer", 1)):
        pair = key_files.KeyPair(role, role, *(bytes(31) + role[:1].encode(),) * 3)
        key_files.write_pair(keys, pair)
        viewer = TerminalViewer(reporter)
        headway.operation("Work").start()
        viewer.look(clock.advance(START_DELAY))
        assert len(started) == count


def test_short_work_starts_nothing(reporter, clock, started):
    viewer = TerminalViewer(reporter)
    headway.operation("Work").start().complete()
    assert viewer.deadline() is None


def test_a_log_is_told_at_the_end_of_what_failed_or_took_long(
    reporter, clock, started, monkeypatch
):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(terminal_viewer, "terminal", lambda: None)
    short, failed = headway.operation("Short").start(), headway.operation("Lint").start()
    short.complete()
    failed.fail("E501")
    viewer = TerminalViewer(reporter)
    viewer.tell_ends([short.model])
    assert started == []
    viewer.tell_ends([short.model, failed.model])
    viewer.tell_ends([failed.model])
    assert [argv[3:5] for argv, _ in started] == [["--lines", "plain"]]
    long = headway.operation("Long").start()
    clock.advance(START_DELAY)
    long.complete()
    TerminalViewer(reporter).tell_ends([long.model])
    assert len(started) == 2
    monkeypatch.delenv("CI")
    TerminalViewer(reporter).tell_ends([long.model])
    assert len(started) == 2


def test_work_for_an_operation_of_another_process_starts_nothing(reporter, started):
    viewer = TerminalViewer(reporter)
    headway.operation("Work", parent="abc/1").start()
    assert viewer.deadline() is None


def test_the_exit_waits_for_the_receipts_that_were_promised(reporter, clock, started):
    viewer = TerminalViewer(reporter)
    op = headway.operation("Work").start()
    viewer.look(clock.advance(1.0))
    op.complete()
    waits = []

    def wait(until):
        waits.append(until - clock.now)
        if len(waits) == 2:
            reporter.publisher.drawn.add(op.id)
        return True

    viewer.finish(wait)
    assert waits == [0.25, 0.25]


def test_the_exit_waits_as_long_as_it_may_for_the_table_of_a_ci_job(
    reporter, clock, started, monkeypatch
):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/nowhere/summary.md")
    viewer = TerminalViewer(reporter)
    op = headway.operation("Work").start()
    viewer.look(clock.advance(1.0))
    op.complete()
    waits = []
    viewer.finish(lambda until: bool(waits.append(until - clock.now)))
    assert waits == [EXIT_LIMIT]


def test_the_exit_waits_for_no_viewer_that_was_not_started(reporter):
    waits = []
    TerminalViewer(reporter).finish(lambda until: bool(waits.append(until)))
    assert waits == []


def test_what_is_remembered_has_a_bound_where_the_viewer_is_gone(reporter, clock, started):
    viewer = TerminalViewer(reporter)
    first = headway.operation("Work").start()
    viewer.look(clock.advance(1.0))
    for _ in range(5 * terminal_viewer.RECEIPTS_LIMIT):
        op = headway.operation("Short").start()
        viewer.look(clock.now)
        op.complete()
    assert len(viewer.drawn_for) <= 2 * terminal_viewer.RECEIPTS_LIMIT + 2
    assert {first.id, op.id} <= set(viewer.drawn_for)  # it is open; it is the last
    waits = []
    viewer.finish(lambda until: bool(waits.append(until)))
    assert len(waits) == 1


def test_no_answer_is_kept_where_no_viewer_was_started(reporter, clock):
    viewer = TerminalViewer(reporter)
    op = headway.operation("Work", display="quiet").start()
    viewer.look(clock.advance(1.0))
    op.complete()
    reporter.publisher.drawn.add(op.id)  # by the viewer of another program in this terminal
    viewer.look(clock.advance(1.0))
    assert reporter.publisher.drawn == set()


@pytest.mark.parametrize(
    ("tty", "displays", "ci", "expected"),
    [
        ("/dev/pts/9", [None], None, ["--tty", "/dev/pts/9", "--session", "s"]),
        ("/dev/pts/9", ["quiet", "live"], None, ["--tty", "/dev/pts/9", "--session", "s"]),
        ("/dev/pts/9", ["quiet"], None, None),
        ("/dev/pts/9", ["plain"], None, ["--lines", "plain", "--fd", "2", "--session", "s"]),
        ("/dev/pts/9", [None], "true", ["--lines", "plain", "--fd", "2", "--session", "s"]),
        (None, [None], None, None),
        (None, [None], "true", ["--lines", "plain", "--fd", "2", "--session", "s"]),
        (None, ["plain"], None, ["--lines", "plain", "--fd", "2", "--session", "s"]),
        ("/dev/pts/9", ["json"], None, ["--lines", "json", "--fd", "2", "--session", "s"]),
        (None, ["json"], None, ["--lines", "json", "--fd", "2", "--session", "s"]),
        (None, ["live"], None, None),
        (None, ["quiet"], "true", None),
        (None, [], "true", None),
    ],
)
def test_who_draws_depends_on_standard_error_and_on_what_was_asked(
    monkeypatch, tty, displays, ci, expected
):
    monkeypatch.setattr(terminal_viewer, "terminal", lambda: tty)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("CI", ci) if ci else monkeypatch.delenv("CI", raising=False)
    found = viewer_of(displays, "s")
    assert found == (None if expected is None else [*TERMINAL, *expected, *PID])


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"JPY_PARENT_PID": "1"}])
def test_a_terminal_that_cannot_show_a_picture_gets_lines(monkeypatch, environ):
    monkeypatch.setattr(terminal_viewer, "terminal", lambda: "/dev/pts/9")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    lines = [*TERMINAL, "--lines", "plain", "--fd", "2", "--session", "s", *PID]
    assert viewer_of([None], "s") == lines
    assert viewer_of(["quiet"], "s") is None


def test_a_pools_program_waits_for_the_viewer_of_its_workers_to_leave(started, monkeypatch):
    del started
    master, slave = os.openpty()
    monkeypatch.setattr(terminal_viewer, "terminal", lambda: os.ttyname(slave))
    role = TerminalLock(slave, VIEWER)
    assert role.acquire()
    left = []
    monkeypatch.setattr(terminal_viewer.time, "sleep", lambda _: left.append(role.release()))
    terminal_viewer.await_workers()
    assert left == [None]
    os.close(master)
    os.close(slave)
