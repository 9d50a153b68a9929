"""progress_tracker in real processes: terminals, missing modules, costs."""

import os
import pathlib
import subprocess
import sys
import termios
import textwrap

import pyte
import pytest

SITE = [path for path in sys.path if path.endswith(("sdk", "broker", "viewer"))]


@pytest.fixture
def environment(tmp_path):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "HEADWAY": "off", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(text))
        return [sys.executable, str(path)]

    return write


def run(command, environment, **named):
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=90, check=False, **named
    )


WHOLE = """
    import asyncio
    from progress_tracker import ProgressTracker, run_with_progress

    async def work(tracker):
        a, b = tracker.add_stage("first [x]"), tracker.add_stage("second", total_bytes=100)
        tracker.start_stage(a)
        tracker.display_progress()
        tracker.complete_stage(a)
        tracker.start_stage(b)
        tracker.update_stage_progress(b, processed_bytes=50)
        tracker.estimate_remaining_time()
        tracker.complete_stage(b)
        return 7

    assert asyncio.run(run_with_progress(ProgressTracker("Op"), work)) == 7
"""
BLOCKED = """
    import importlib.abc, sys

    class Absent(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path, target=None):
            if name.partition(".")[0] in {names!r}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

    sys.meta_path.insert(0, Absent())
"""


@pytest.mark.parametrize(
    "names",
    [
        ("rich", "headway_viewer", "headway_broker"),
        ("plyer",),
        ("rich", "plyer", "zmq", "msgpack"),
    ],
)
@pytest.mark.parametrize("reporting", ["off", "on"])
def test_it_works_without_optional_modules_viewer_and_broker(
    script, environment, tmp_path, names, reporting
):
    if reporting == "on":
        del environment["HEADWAY"]
        environment["HEADWAY_BROKER"] = "never"
        environment["HEADWAY_RUNTIME_DIR"] = str(tmp_path)
    after = f"""
    import sys
    assert not {{name.partition(".")[0] for name in sys.modules}} & {set(names)!r}
    import progress_tracker
    assert progress_tracker.RICH_AVAILABLE is {"rich" not in names}
    assert progress_tracker.PLYER_AVAILABLE is {"plyer" not in names}
    try:
        progress_tracker.RichProgressTracker("x")
    except ImportError as error:
        assert "pip install rich" in str(error)
    else:
        assert progress_tracker.RICH_AVAILABLE
    """
    parts = [BLOCKED.format(names=names), WHOLE, after]
    done = run(script("".join(map(textwrap.dedent, parts))), environment)
    assert (done.returncode, done.stderr) == (0, "")
    for line in ("[✓] first [x] (0s)", "[✓] second (0s)", "✅ Op completed (0s)"):
        assert line in done.stdout


def test_importing_it_loads_neither_rich_nor_plyer_nor_zmq(environment):
    code = "import progress_tracker, sys; print(*sys.modules)"
    loaded = run([sys.executable, "-c", code], environment).stdout.split()
    assert not {"rich", "plyer", "zmq", "msgpack", "asyncio", "headway"} & set(loaded)


def test_an_ascii_pipe_gets_ascii(script, environment):
    environment.update(PYTHONIOENCODING="ascii", LC_ALL="C")
    done = run(script(WHOLE), environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "[+] first [x] (0s)" in done.stdout
    assert done.stdout.isascii()


def test_a_reader_that_leaves_does_not_fail_the_program(script, environment):
    with subprocess.Popen(
        script(WHOLE + "    import os; os._exit(0)"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        complaint = process.stderr.read()
        assert (process.wait(60), complaint) == (0, b"")


def drawn(command, environment, columns, rows):
    """The terminal, with its scrollback, after `command` has ended."""
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(
        command[0], command[1:], env=environment, dimensions=(rows, columns), timeout=60
    )
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    screen = pyte.HistoryScreen(columns, rows, history=1000)
    pyte.Stream(screen).feed(child.before.decode())
    above = ["".join(row[x].data for x in range(columns)) for row in screen.history.top]
    return [row.rstrip() for row in [*above, *screen.display] if row.strip()], child.before.decode()


TALKING = """
    import sys, time
    import progress_tracker
    from progress_tracker import ProgressTracker
    progress_tracker.RICH_AVAILABLE = {rich}
    print("the user's own screen")
    tracker = ProgressTracker("Op")
    tracker.add_stage("first [x]"), tracker.add_stage("a long name " * 20)
    tracker.start()
    for index in range(2):
        tracker.start_stage(index)
        for step in range(8):
            time.sleep(0.03)
            tracker.update_stage_progress(index, step / 8)
            tracker.display_progress()
            print("line", index, step, file=sys.stderr if step % 2 else sys.stdout)
        tracker.complete_stage(index)
    tracker.complete()
    print("after")
"""


@pytest.mark.parametrize("rich", [True, False])
@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 12), (30, 8)])
def test_a_terminal_shows_one_picture_and_all_that_was_printed(
    script, environment, rich, columns, rows
):
    shown, raw = drawn(script(TALKING.format(rich=rich)), environment, columns, rows)
    lines = [f"line {index} {step}" for index in range(2) for step in range(8)]
    assert shown[0] == "the user's own screen"
    assert shown[1:17] == lines
    assert shown[17] == "Op"
    assert sum("first [x]" in row for row in shown) == 1
    assert shown[-2].startswith("✅ Op completed (")
    assert shown[-1] == "after"
    assert "\x1b[2J" not in raw


def test_two_trackers_share_a_terminal(script, environment):
    code = """
    import asyncio
    from progress_tracker import ProgressTracker, run_with_progress

    async def work(tracker):
        stage = tracker.add_stage(f"stage of {tracker.operation_name}")
        tracker.start_stage(stage)
        for step in range(20):
            await asyncio.sleep(0.02)
            tracker.update_stage_progress(stage, step / 20)
            tracker.display_progress()
        tracker.complete_stage(stage)

    async def main():
        trackers = [ProgressTracker(name) for name in ("one", "two")]
        await asyncio.gather(*(run_with_progress(tracker, work) for tracker in trackers))

    asyncio.run(main())
    """
    shown, _raw = drawn(script(code), environment, 60, 30)
    for name in ("one", "two"):
        for ended in (f"[✓] stage of {name} (", f"✅ {name} completed ("):
            assert sum(row.startswith(ended) for row in shown) == 1
    assert not any("Estimated" in row for row in shown)


def test_a_terminal_that_takes_nothing_delays_nothing(script, environment):
    code = """
    import os, sys, time
    from progress_tracker import ProgressTracker
    tracker = ProgressTracker("Op")
    tracker.start_stage(tracker.add_stage("x"))
    tracker.display_progress()
    os.write(2, b"ready")
    sys.stdin.readline()  # by now the terminal is stopped
    before = time.monotonic()
    for step in range(2000):
        tracker.update_stage_progress(0, step / 2000)
        tracker.display_progress()
    tracker.complete()
    os.write(2, str(time.monotonic() - before).encode())
    os._exit(0)
    """
    leader, follower = os.openpty()
    try:
        with subprocess.Popen(
            script(code),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=follower,
            stderr=subprocess.PIPE,
        ) as process:
            assert os.read(process.stderr.fileno(), 100) == b"ready"
            termios.tcflow(follower, termios.TCOOFF)  # what ^S does
            process.stdin.write(b"\n")
            process.stdin.close()
            assert float(os.read(process.stderr.fileno(), 100)) < 3
    finally:
        os.close(leader)
        os.close(follower)


@pytest.mark.once
def test_idle_it_costs_next_to_nothing_and_a_stage_a_kilobyte(script, environment):
    code = """
    import gc, io, tracemalloc, resource, time
    from rich.console import Console
    from progress_tracker import RichProgressTracker
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=24)
    tracker = RichProgressTracker("Op", console=console)
    tracker.start()
    tracker.add_stage("warm"), tracker.start_stage(0)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(1000):
        tracker.start_stage(tracker.add_stage(f"stage number {number}", total_bytes=10**6))
        tracker.update_stage_progress(number + 1, processed_bytes=1000)
    gc.collect()
    each = (tracemalloc.get_traced_memory()[0] - before) / 1000
    tracemalloc.stop()
    few = RichProgressTracker("Few", console=console)
    for number in range(5):
        few.start_stage(few.add_stage(f"stage {number}"))
    with few.live_progress():
        time.sleep(0.5)
        used = resource.getrusage(resource.RUSAGE_SELF)
        time.sleep(4)
        now = resource.getrusage(resource.RUSAGE_SELF)
    share = (now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime) / 4
    print(each, share)
    """
    done = run(script(code), environment)
    assert done.returncode == 0, done.stderr
    each, share = map(float, done.stdout.split()[-2:])
    assert each <= 1600
    assert share < 0.005


EXAMPLES = sorted(pathlib.Path(__file__).parents[2].glob("examples/*.py"))
RUN = {"basic_use", "rich_live", "background", "by_bytes", "error_handling", "executor"} | {
    "choosing_notifications",
    "custom_console",
    "plain_text",
    "installer_callbacks",
}


@pytest.mark.parametrize("name", sorted(RUN))
def test_every_example_of_the_document_runs(environment, name):
    (path,) = [path for path in EXAMPLES if path.stem == name]
    done = run([sys.executable, str(path)], environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "100%" in done.stdout
    assert "✅" in done.stdout


def test_the_example_of_a_failure_exits_with_one(environment):
    (path,) = [path for path in EXAMPLES if path.stem == "error_handling"]
    done = run([sys.executable, str(path), "--fail"], environment)
    assert done.returncode == 1
    assert "[✗] Download (failed: HTTP Error 404: File not found)" in done.stdout
    assert "❌ Download failed" in done.stdout


def test_names_that_a_test_patches_stay_patched_when_others_are_looked_up():
    code = """
        from unittest.mock import patch
        from progress_tracker import ProgressTracker

        @patch("progress_tracker.PLYER_AVAILABLE", True)
        @patch("progress_tracker.plyer_notification")
        def told(notification):
            tracker = ProgressTracker("Op")
            tracker.start()
            tracker.complete(success=True)
            return notification.notify.call_args[1]["title"]

        print(told())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "HEADWAY": "off"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "Op Complete"
