"""`headway patch`: programs that know nothing of Headway, and what is known of their bars."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap

import pytest
from machine import HEADWAY, ROOT, until

LOOPS = """
import sys
from tqdm import tqdm, trange
for epoch in tqdm(range(3), desc="epoch"):
    for row in trange(20, desc="batch", unit="rows", leave=False):
        print(epoch, row)
bar = tqdm(total=10, desc="early")
bar.update(4)
bar.close()
sys.exit(7)
"""
POOL = """
import multiprocessing, sys
from tqdm import tqdm
def render(number):
    for row in tqdm(range(20), desc="rows"):
        pass
    return number
if __name__ == "__main__":
    bar = tqdm(total=6, desc="render")
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        for done in pool.imap(render, range(6)):
            bar.update()
    bar.close()
"""


def patch(machine, *argv, environ=None, python=sys.executable, **run):
    return subprocess.run(
        [*HEADWAY, "patch", "--", python, *argv],
        env={**machine.environ, **(environ or {})},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=100,
        check=False,
        **run,
    )


def stages(operation):
    return [
        (one.name, one.parent, one.state, one.done, one.total, one.reason)
        for one in operation.stages.values()
    ]


def test_bars_of_an_unedited_program_are_stages(machine, listener):
    program = machine.file("train.py", LOOPS)
    plain = subprocess.run(
        [sys.executable, program], env=machine.environ, capture_output=True, text=True, check=False
    )
    ran = patch(machine, program)
    assert (ran.returncode, ran.stdout) == (plain.returncode, plain.stdout)
    assert ran.stderr.count("epoch: 100%") == plain.stderr.count("epoch: 100%")
    operation = listener.ended("train.py")
    epoch = next(iter(operation.stages))
    assert stages(operation) == [
        ("epoch", None, "completed", 3, 3, None),
        ("batch", epoch, "completed", 20, 20, None),
        ("early", None, "completed", 4, 10, "stopped at 4 of 10"),
    ]
    assert (operation.state, operation.exit_status) == ("failed", 7)
    assert [one.unit for one in operation.stages.values()] == [None, "rows", None]


@pytest.mark.once
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_bars_of_pool_workers_are_part_of_the_bar_of_their_parent(machine, listener, method):
    ran = patch(machine, machine.file("pool.py", POOL), method)
    assert ran.returncode == 0, ran.stderr
    operation = listener.ended("pool.py")
    assert stages(operation)[0] == ("render", None, "completed", 6, 6, None)
    render = next(iter(operation.stages))
    rows = set(stages(operation)[1:])
    assert rows == {("rows", render, "completed", 20, 20, None)}


@pytest.mark.once
def test_bars_of_a_subprocess_are_part_of_the_bar_around_it(machine, listener):
    inner = machine.file("inner.py", "from tqdm import tqdm\nfor _ in tqdm(range(5)): pass\n")
    outer = machine.file(
        "outer.py",
        f"""
        import subprocess, sys
        from tqdm import tqdm
        for name in tqdm(["a"], desc="files"):
            subprocess.run([sys.executable, {inner!r}], check=True)
        """,
    )
    assert patch(machine, outer).returncode == 0
    names = {one.id: one.name for one in listener.ended("outer.py").stages.values()}
    inside = [one for one in listener.ended("outer.py").stages.values() if one.parent is not None]
    assert [(one.name, names[one.parent], one.done) for one in inside] == [("items", "files", 5)]


def test_rich_and_its_tasks(machine, listener):
    program = machine.file(
        "down.py",
        """
        from rich.progress import Progress, DownloadColumn, track
        with Progress(DownloadColumn()) as progress:
            one = progress.add_task("[red]One", total=50)
            two = progress.add_task("Two", total=20)
            progress.add_task("Never", total=20, start=False)
            for _ in range(50):
                progress.advance(one)
            progress.advance(two, 10)
        print(sum(track(range(10), "Sum")))
        with Progress() as progress:
            progress.add_task("Broken", total=3)
            raise ValueError("no disk")
        """,
    )
    ran = patch(machine, program)
    assert [line.split()[0] for line in ran.stdout.splitlines()][-3:] == ["Sum", "45", "Broken"]
    assert ran.stderr.startswith("Traceback")
    operation = listener.ended("down.py")
    assert stages(operation) == [
        ("One", None, "completed", 50, 50, None),
        ("Two", None, "completed", 10, 20, "stopped at 10 of 20"),
        ("Never", None, "skipped", 0, 20, "not reached"),
        ("Sum", None, "completed", 10, 10, None),
        ("Broken", None, "failed", 0, 3, None),
    ]
    assert [one.unit for one in operation.stages.values()][:4] == ["B", "B", "B", None]


@pytest.mark.once
def test_alive_progress_and_its_bars(machine, listener):
    pytest.importorskip("alive_progress")
    program = machine.file(
        "alive.py",
        """
        from alive_progress import alive_bar, alive_it
        with alive_bar(30, title="Rows") as bar:
            for _ in range(20):
                bar()
        for _ in alive_it(range(10), title="It"):
            pass
        """,
    )
    assert patch(machine, program).returncode == 0
    assert stages(listener.ended("alive.py")) == [
        ("Rows", None, "completed", 20, 30, "stopped at 20 of 30"),
        ("It", None, "completed", 10, 10, None),
    ]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An interpreter whose environment has tqdm, and nothing of Headway's."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    import tqdm

    (packages,) = folder.glob("lib/python*/site-packages")
    shutil.copytree(os.path.dirname(tqdm.__file__), packages / "tqdm")
    return str(folder / "bin" / "python")


@pytest.mark.once
def test_the_programs_interpreter_need_have_nothing_of_headway(machine, listener, bare):
    program = machine.file(
        "bare.py",
        """
        import importlib.util, sys
        from tqdm import tqdm
        print([importlib.util.find_spec(name) for name in ("headway", "zmq", "msgpack")])
        for _ in tqdm(range(5), desc="loop"):
            pass
        """,
    )
    # Only the command's own Python finds Headway: its path is no longer in the environment.
    code = f"""if True:
        import os
        os.environ["PYTHONPATH"] = os.environ["PYTHONPATH"].split(":")[0]
        os.execv({bare!r}, [{bare!r}, {program!r}])
    """
    ran = patch(machine, "-c", code)
    assert ran.stdout == "[None, None, None]\n", ran.stderr
    (operation,) = until(lambda: [one for one in listener.operations.values() if not one.open])
    assert stages(operation) == [("loop", None, "completed", 5, 5, None)]


@pytest.mark.once
@pytest.mark.parametrize("how", [["-I"], ["-E"], ["-S"], ["env -i"], ["HEADWAY_PATCH=off"]])
def test_what_looks_at_no_environment_runs_as_without_us(machine, listener, how):
    program = machine.file(
        "plain.py", "import sys\nprint(sorted(sys.path) != [], 'tqdm' in sys.modules)\n"
    )
    if how == ["env -i"]:
        argv = ["env", "-i", sys.executable, program]
    elif how == ["HEADWAY_PATCH=off"]:
        argv = ["env", "HEADWAY_PATCH=off", sys.executable, program]
    else:
        argv = [sys.executable, *how, program]
    code = f"import os; os.execvp({argv[0]!r}, {argv!r})"
    ran = patch(machine, "-c", code)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "True False\n", "")


@pytest.mark.once
def test_an_interpreter_with_another_accounts_rights_runs_nothing_of_ours(machine, listener):
    if os.getuid() != 0:
        pytest.skip("only root makes a copy with another account's rights")
    program = machine.file(
        "rights.py",
        """
        import os, sys
        print([path for path in sys.path if "headway_patch" in path], "tqdm" in sys.modules)
        print([name for name in sys.modules if "headway" in name], os.geteuid() == os.getuid())
        """,
    )
    # As a setuid copy of the interpreter is: one user started it, another's are its rights.
    code = f"""if True:
        import os
        os.setreuid(65534, 0)
        os.execv({sys.executable!r}, [{sys.executable!r}, {program!r}])
    """
    ran = patch(machine, "-c", code)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("[] False\n[] False\n", "", 0)
    assert "setuid" in machine.headway("doctor").stdout


@pytest.mark.once
def test_a_sitecustomize_of_the_programs_own_is_run_and_nothing_of_ours_is_seen(machine, listener):
    os.mkdir(f"{machine.folder}/own")
    with open(f"{machine.folder}/own/sitecustomize.py", "w") as file:
        file.write("import builtins\nbuiltins.customized = __file__\n")
    program = machine.file(
        "own.py",
        """
        import sys, sitecustomize
        print(customized == sitecustomize.__file__)
        print([path for path in sys.path if "headway_patch" in path])
        print([name for name in ("socket", "headway_patch.lines") if name in sys.modules])
        """,
    )
    path = f"{machine.folder}/own{os.pathsep}{machine.environ['PYTHONPATH']}"
    ran = patch(machine, program, environ={"PYTHONPATH": path})
    assert (ran.stdout, ran.stderr) == ("True\n[]\n[]\n", "")


@pytest.mark.once
def test_a_program_that_is_killed_has_bars_that_failed(machine, listener):
    program = machine.file(
        "killed.py",
        """
        import os, signal
        from tqdm import tqdm
        for row in tqdm(range(10), desc="loop"):
            if row == 5:
                os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert patch(machine, program).returncode == -9
    assert listener.ended("killed.py").state == "failed"
    assert stages(listener.ended("killed.py")) == [("loop", None, "crashed", 5, 10, None)]


@pytest.mark.once
def test_a_loop_that_becomes_slow_or_has_no_exit_counts_all_the_same(machine, listener):
    program = machine.file(
        "slow.py",
        """
        import os
        from tqdm import tqdm
        def items():
            yield from range(5001)  # the last one is in work until the next is there
            input()
            os.execv("/bin/true", ["true"])
        for row in tqdm(range(30), desc="parent"):
            if row == 12 and os.fork() == 0:
                for row in tqdm(range(40), desc="child"):
                    if row == 7:
                        os._exit(0)
            elif row == 12:
                os.wait()
        for row in tqdm(items(), desc="slow", total=9000, mininterval=60):
            pass
        """,
    )
    command = (*HEADWAY, "patch", "--", sys.executable, program)
    process = machine.spawn(*command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = until(lambda: [one for one in listener.operations.values() if len(one.stages) == 3])
    until(lambda: {one.name: one.done for one in found[0].stages.values()}.get("slow") == 5000)
    process.communicate("\n", timeout=60)
    # Which bar the child's is part of depends on what is read first.
    assert {(one[0], *one[2:]) for one in stages(listener.ended("slow.py"))} == {
        ("parent", "completed", 30, 30, None),
        ("child", "completed", 7, 40, "stopped at 7 of 40"),
        ("slow", "ended", 5000, 9000, "the program let go of it before its end"),
    }


FAILS = """
import sys
from rich.progress import track
from tqdm import tqdm
for item in tqdm(range(30), desc="left"):
    if item == 12:
        break
for item in track(range(30), description="fetch"):
    pass
counter = tqdm(total=10, desc="counter", file=sys.stdout)
counter.update(4)
def part():
    for item in tqdm(range(30), desc="part"):
        if item == 7:
            raise ValueError("no row")
for item in tqdm(range(3), desc="parts"):
    part()
"""


@pytest.mark.once
def test_a_loop_that_an_exception_ends_the_program_in_has_failed(machine, listener):
    ran = patch(machine, machine.file("fails.py", FAILS))
    assert "ValueError: no row" in ran.stderr
    operation = listener.ended("fails.py")
    inside = list(operation.stages)[3]
    assert stages(operation) == [
        ("left", None, "completed", 12, 30, "stopped at 12 of 30"),
        ("fetch", None, "completed", 30, 30, None),
        ("counter", None, "failed", 4, 10, None),
        ("parts", None, "failed", 0, 3, None),
        ("part", inside, "failed", 7, 30, None),
    ]


ENDED = """
import multiprocessing, sys, time
from tqdm import tqdm
def work(told):
    for row in tqdm(range(1000), desc="rows", mininterval=0, miniters=1):
        told.set()
        time.sleep(0.01)
def fail():
    for row in tqdm(range(30), desc="worker"):
        if row == 12:
            raise ValueError("no row")
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    told = context.Event()
    process = context.Process(target=work, args=(told,))
    process.start()
    told.wait()
    process.terminate()
    process.join()
    process = context.Process(target=fail)
    process.start()
    process.join()
    for item in tqdm(range(30), desc="left"):
        if item == 12:
            sys.exit(3)
"""


@pytest.mark.once
def test_what_ends_a_worker_and_the_program_ends_their_bars(machine, listener):
    assert patch(machine, machine.file("ended.py", ENDED)).returncode == 3
    rows, worker, left = listener.ended("ended.py").stages.values()
    assert (rows.state, rows.reason) == ("cancelled", "ended by its parent")
    assert (worker.state, worker.error, worker.done) == ("failed", "no row", 12)
    assert (left.state, left.error, left.done) == ("failed", "exit status 3", 12)


@pytest.mark.once
def test_a_bar_that_feeds_a_pool_ends_after_the_bars_of_its_workers(machine, listener):
    program = machine.file(
        "feeds.py",
        """
        from concurrent.futures import ProcessPoolExecutor
        import time
        from tqdm import tqdm
        def render(page):
            for _ in tqdm(range(5), desc="lines"):
                time.sleep(0.01)
            return page
        if __name__ == "__main__":
            with ProcessPoolExecutor(2) as pool:
                jobs = [pool.submit(render, page) for page in tqdm(range(8), desc="pages")]
                # The pool is full when the bar has ended.
                print(sum(job.result() for job in jobs))
        """,
    )
    assert patch(machine, program).stdout == "28\n"
    operation = listener.ended("feeds.py")
    assert [one[2:5] for one in stages(operation) if one[0] == "pages"] == [("completed", 8, 8)]
    assert {one[2:5] for one in stages(operation) if one[0] == "lines"} == {("completed", 5, 5)}


@pytest.mark.once
def test_where_headway_draws_the_bars_do_not(sandbox):
    program = sandbox.file(
        "drawn.py",
        "from tqdm import tqdm\n"
        "for epoch in tqdm(range(100), desc='epoch'):\n"
        "    time.sleep(0.005)\n"
        "tqdm.write(f'written {sys.stderr.isatty()}')\n",
    )
    command = (*HEADWAY, "patch", "--", sys.executable, program)
    for display, drawn in (("auto", False), ("quiet", True)):
        terminal = sandbox.terminal(*command, HEADWAY_DISPLAY=display, HEADWAY_BROKER="never")
        terminal.wait_for_text("written True")
        terminal.wait_for(lambda _: not terminal.child.isalive(), "the end", 60.0)  # noqa: B023 - at once
        assert (b"it/s" in terminal.written) is drawn


@pytest.mark.once
def test_headway_patch_in_the_environment_is_for_every_run(machine, listener):
    program = machine.file("every.py", "from tqdm import tqdm\nfor _ in tqdm(range(5)): pass\n")
    machine.headway("run", "--", sys.executable, program, HEADWAY_PATCH="1")
    assert stages(listener.ended("every.py")) == [("items", None, "completed", 5, 5, None)]


@pytest.mark.once
def test_a_node_program_reports_by_lines(machine, listener):
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    ran = machine.headway("patch", "--name", "Node", "--", "node", f"{ROOT}/examples/bars.mjs")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    operation = listener.ended("Node")
    pages = next(iter(operation.stages))
    assert stages(operation) == [
        ("pages", None, "completed", 3, 3, None),
        ("images", pages, "completed", 4, 4, None),
    ]


@pytest.mark.once
def test_a_shell_script_reports_by_lines(machine, listener):
    ran = machine.headway("patch", "--name", "Shell", "--", f"{ROOT}/examples/bars.sh")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "copied\n", "")
    assert stages(listener.ended("Shell")) == [
        ("Copy", None, "completed", 3, 3, None),
        ("Verify", None, "completed", 50, 100, "stopped at 50 of 100"),
    ]
    plain = subprocess.run([f"{ROOT}/examples/bars.sh"], capture_output=True, text=True, check=True)
    assert (plain.stdout, plain.stderr) == ("copied\n", "")


@pytest.mark.once
def test_another_users_process_is_turned_away(machine, listener):
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    code = textwrap.dedent(
        """
        import os, socket, sys
        os.chmod(os.path.dirname(os.environ["HEADWAY_BARS"]), 0o755)
        os.chmod(os.environ["HEADWAY_BARS"], 0o666)
        connected = socket.socket(socket.AF_UNIX)
        os.setuid(65534)
        connected.connect(os.environ["HEADWAY_BARS"])
        try:
            connected.sendall(b"stage Foreign\\n")
            print(connected.recv(10))
        except OSError:
            print(b"")
        """
    )
    ran = patch(machine, "-c", code)
    assert ran.stdout == "b''\n", ran.stderr
    assert not any(one.stages for one in listener.operations.values())


def test_without_a_command_it_says_so_under_its_own_name(machine):
    done = machine.headway("patch")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        2,
        "headway patch: no command was given; see `headway patch --help`",
    )
