"""`headway view`, `ps`, `wait`, `cancel`, `record` against a real broker and programs."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from machine import HEADWAY, killed, until
from sandbox import HELD, let_go

from headway_viewer.picture.board import JUST_ENDED

pytestmark = pytest.mark.once

LOOP = "for i in headway.track(range({n}), 'Compile'): time.sleep({pause})"


def states_in(line):
    """The states that a line tells of: an operation's, or in a snapshot those of all."""
    operations = line["operations"] if line["type"] == "snapshot" else [line.get("operation")]
    return [operation["state"] for operation in operations if isinstance(operation, dict)]


def lines_of(process):
    for line in process.stdout:
        yield json.loads(line)


def test_ps_with_nothing_says_so_and_starts_nothing(sandbox):
    done = sandbox.headway("ps")
    assert (done.returncode, done.stdout, done.stderr) == (0, "nothing is running\n", "")
    assert not os.path.exists(sandbox.environ["HEADWAY_RUNTIME_DIR"])
    snapshot = json.loads(sandbox.headway("ps", "--json").stdout)
    assert (snapshot["type"], snapshot["operations"]) == ("snapshot", [])
    assert abs(snapshot["time"] - time.time()) < 30


def test_ps_lists_what_a_command_left_where_no_broker_serves(machine):
    assert machine.headway("run", "--name", "quick", "--", "true").returncode == 0
    assert [one["name"] for one in machine.operations()] == ["quick"]
    assert "quick" in machine.headway("ps").stdout
    assert machine.serving() is None


@pytest.mark.oldest
@pytest.mark.starts_broker
def test_ps_lists_what_has_just_been_left_for_the_broker(machine):
    for number in range(3):
        assert machine.headway("run", "--name", f"quick {number}", "--", "true").returncode == 0
        until(lambda: machine.serving() is not None, "the broker", 60)
        names = until(machine.operations, "its answer", 60)
        assert f"quick {number}" in [one["name"] for one in names]


@pytest.mark.oldest
def test_ps_lists_what_runs(sandbox):
    process = sandbox.held("Install PostgreSQL")
    assert "Install PostgreSQL" in sandbox.headway("ps").stdout
    (operation,) = sandbox.operations()
    assert (operation["name"], operation["state"]) == ("Install PostgreSQL", "running")
    assert abs(operation["started"] - time.time()) < 60
    let_go(process)


@pytest.mark.oldest
def test_json_shows_an_operation_from_its_first_to_its_last_state(sandbox):
    view = sandbox.spawn(*HEADWAY, "view", "--display", "json", "--until-done")
    stream = lines_of(view)
    first = next(stream)
    assert (first["type"], first["schema"]) == ("snapshot", 1)
    sandbox.program(LOOP.format(n=20, pause=0.1))
    seen = [line for line in stream if line["type"] == "operation"]
    assert view.wait(20) == 0
    assert seen[0]["operation"]["state"] == "running"
    last = seen[-1]["operation"]
    assert (last["state"], last["progress"]) == ("completed", 1.0)
    assert last["stages"][0]["done"] == 20
    assert [line["seq"] for line in seen] == sorted(line["seq"] for line in seen)


def test_a_late_viewer_gets_everything_at_once(sandbox):
    process = sandbox.held("early")
    view = sandbox.spawn(*HEADWAY, "view", "--display", "json")
    snapshot = next(lines_of(view))
    assert [made["name"] for made in snapshot["operations"]] == ["early"]
    let_go(process)


@pytest.mark.parametrize(
    ("then", "status", "state"),
    [
        ("pass", 0, "completed"),
        ("raise ValueError('broken')", 1, "failed"),
        ("raise KeyboardInterrupt", 130, "cancelled"),
    ],
)
def test_the_exit_status_of_waiting_is_how_it_ended(sandbox, then, status, state):
    process = sandbox.held("job", then)
    wait = sandbox.spawn(*HEADWAY, "wait", "job")
    view = sandbox.spawn(*HEADWAY, "view", "--until-done")
    until(lambda: "job" in view.stdout.readline(), "the viewer shows it")
    let_go(process)
    assert wait.wait(20) == status
    assert view.wait(20) == status
    assert "1 ended in" in view.stdout.read()
    assert sandbox.headway("wait", "job").returncode == status
    assert sandbox.operations()[0]["state"] == state


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux")
@pytest.mark.parametrize("arguments", [["wait", "--brief", "job"], ["view", "--until-done", "job"]])
def test_on_a_full_disk_nothing_that_was_waited_for_has_failed(sandbox, arguments):
    process = sandbox.held("job")
    let_go(process)
    process.wait(60)
    with open("/dev/full", "w") as full:
        done = sandbox.spawn(*HEADWAY, *arguments, stdout=full)
        _, told = done.communicate(timeout=60)
    assert told.count("\n") == 1
    assert "its output could not be written: No space left on device" in told
    assert done.returncode == 74


def test_waiting_for_what_never_comes_can_be_given_up(sandbox):
    never = sandbox.headway("wait", "nobody", "--timeout", "0.3")
    assert never.returncode == 4
    assert never.stderr.endswith("headway wait: gave up waiting for 'nobody' to begin\n")
    process = sandbox.held("slow")
    late = sandbox.headway("wait", "slow", "--timeout", "0.9")
    assert late.returncode == 124
    assert late.stderr == "headway wait: gave up waiting: 'slow' is running\n"
    let_go(process)


@pytest.mark.oldest
def test_a_killed_program_is_shown_as_crashed_with_exit_status_1(sandbox):
    process = sandbox.held("victim")
    wait = sandbox.spawn(*HEADWAY, "wait", "victim")
    process.send_signal(signal.SIGKILL)
    assert wait.wait(20) == 1
    assert sandbox.operations()[0]["state"] == "crashed"


@pytest.mark.oldest
def test_cancel_is_answered(sandbox):
    loop = sandbox.program(LOOP.format(n=10_000, pause=0.01))
    until(sandbox.operations, "it is known")
    done = sandbox.headway("cancel", sandbox.operations()[0]["id"][:4], "--reason", "wrong branch")
    assert done.returncode == 0
    assert "is being cancelled" in done.stdout
    loop.wait(20)
    until(lambda: sandbox.operations()[0]["state"] == "cancelled", "it is cancelled")
    again = sandbox.headway("cancel", sandbox.operations()[0]["id"])
    assert again.returncode == 3
    assert "has ended: cancelled" in again.stderr


def test_what_cannot_be_cancelled_says_so_with_exit_status_3(sandbox):
    code = "with headway.operation('deploy.sh', cancellable=False) as op: sys.stdin.read()"
    process = sandbox.program(code, stdin=subprocess.PIPE)
    until(sandbox.operations, "it is known")
    done = sandbox.headway("cancel", "deploy.sh")
    assert done.returncode == 3
    assert "cannot be cancelled" in done.stderr
    elsewhere = sandbox.headway("cancel", "sh /elsewhere/deploy.sh")
    assert elsewhere.returncode == 4
    assert "deploy.sh (running)?" in elsewhere.stderr
    let_go(process)


def test_ps_lists_what_is_asked_for_in_the_form_that_is_asked_for(sandbox):
    let_go(sandbox.held("npm install", "raise ValueError('x')"))
    held = sandbox.held("make all")
    by_name = {made["name"]: made["id"] for made in sandbox.operations()}
    assert len(by_name) == 2
    for filters, passed in (
        (["--failed"], ["npm install"]),
        (["--running"], ["make all"]),
        (["-n", "1"], ["make all"]),
        (["--since", "1h"], ["npm install", "make all"]),
        ([by_name["npm install"]], ["npm install"]),
    ):
        snapshot = json.loads(sandbox.headway("ps", "--json", *filters).stdout)
        assert sorted(made["name"] for made in snapshot["operations"]) == sorted(passed), filters
    said = sandbox.headway("ps", "--format", "{state} {name}").stdout
    assert said == "failed npm install\nrunning make all\n"
    assert sandbox.headway("ps", "--format", "{nme}").returncode == 2
    assert sandbox.headway("ps", "--line").stdout == "▶ make all running, 1 failed\n"
    narrow = sandbox.headway("ps", COLUMNS="40").stdout
    assert all(len(line) < 40 for line in narrow.splitlines())
    let_go(held)


def test_an_operation_that_there_is_not_is_answered_with_those_like_it(sandbox):
    held = sandbox.held("npm install")
    short = sandbox.operations()[0]["id"][:3]
    for verb in ("ps", "cancel", "pause", "resume"):
        done = sandbox.headway(verb, "npm instal")
        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr == (
            f"headway {verb}: there is no operation 'npm instal';"
            f" did you mean {short} npm install (running)?\n"
        )
    let_go(held)


def test_cancelling_nobody_is_an_error_and_starts_nothing(sandbox):
    done = sandbox.headway("cancel", "nobody")
    assert done.returncode == 4
    assert "there is no operation 'nobody'" in done.stderr
    assert not os.path.exists(sandbox.environ["HEADWAY_RUNTIME_DIR"])


def test_a_name_that_is_not_unique_is_refused_with_the_ids(sandbox):
    held = [sandbox.held(name) for name in ("twin", "other", "twin")]
    done = sandbox.headway("cancel", "twin")
    assert done.returncode == 2
    assert "can mean 2 operations" in done.stderr
    for process in held:
        let_go(process)


@pytest.mark.oldest
def test_a_viewer_goes_on_with_the_next_broker(sandbox):
    process = sandbox.held("survivor")
    view = sandbox.spawn(*HEADWAY, "view", "--display", "json")
    stream = lines_of(view)
    first = next(stream)
    killed(sandbox.serving())
    second = next(line for line in stream if line["type"] == "snapshot")
    assert second["instance"] != first["instance"]
    while not second["operations"]:
        line = next(stream)
        if line["type"] == "operation":
            second["operations"].append(line["operation"])
    assert second["operations"][0]["name"] == "survivor"
    let_go(process)
    assert any("completed" in states_in(line) for line in stream)


def test_a_reader_that_leaves_ends_the_viewer_quietly(sandbox):
    process = sandbox.held("job")
    view = sandbox.spawn("sh", "-c", f"{' '.join(HEADWAY)} view --display json | head -1")
    assert '"type":"snapshot"' in view.stdout.readline()
    let_go(process)
    assert view.wait(20) == 0
    assert view.stderr.read() == ""


@pytest.mark.parametrize("display", ["json", "plain"])
def test_a_reader_that_leaves_is_noticed_without_any_news(sandbox, display):
    process = sandbox.held("job")
    view = sandbox.spawn("sh", "-c", f"{' '.join(HEADWAY)} view --display {display} | head -1")
    assert "job" in view.stdout.readline()
    assert view.wait(20) == 0
    assert view.stderr.read() == ""
    let_go(process)


@pytest.mark.oldest
def test_ctrl_c_only_detaches(sandbox):
    process = sandbox.held("job")
    view = sandbox.spawn(*HEADWAY, "view", "--display", "plain")
    until(lambda: "job" in view.stdout.readline(), "the viewer shows it")
    view.send_signal(signal.SIGINT)
    assert view.wait(20) == 0
    assert "detached" in view.stdout.read()
    assert process.poll() is None
    assert sandbox.operations()[0]["state"] == "running"
    let_go(process)


def test_a_recording_is_what_json_shows(sandbox):
    path = f"{sandbox.folder}/record.ndjson"
    process = sandbox.held("job")
    record = sandbox.spawn(*HEADWAY, "record", path, "--until-done")
    until(lambda: os.path.exists(path) and os.path.getsize(path), "the recording begins")
    let_go(process)
    assert record.wait(20) == 0
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    assert lines[0]["type"] == "snapshot"
    assert lines[-1]["operation"]["state"] == "completed"


def test_log_lines_are_on_the_stream(sandbox):
    view = sandbox.spawn(*HEADWAY, "view", "--display", "json", "--until-done")
    stream = lines_of(view)
    next(stream)
    process = sandbox.held("x", first="op.log('hello \\x1b[31m')")
    log = next(line for line in stream if line["type"] == "log")
    assert log["lines"] == ["hello \x1b[31m"]
    let_go(process)


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "0"}, False)],
)
def test_a_pipe_gets_no_colour_unless_forced_and_never_a_moving_picture(sandbox, environ, coloured):
    process = sandbox.held("job", "raise ValueError('x')")
    let_go(process)
    shown = sandbox.headway("ps", **environ).stdout
    assert ("\x1b[31m" in shown) == coloured
    view = sandbox.headway("view", "--timeout", "1", **environ)
    assert "\x1b" not in view.stdout
    assert "failed" in view.stdout


@pytest.mark.oldest
def test_wrong_words_are_refused_with_exit_status_2(sandbox):
    for words in ("view --display nothing", "ps x y", "ps --since x", "ps -n 0", "cancel", "vew"):
        wrong = words.split()
        done = sandbox.headway(*wrong)
        assert done.returncode == 2, wrong
        assert done.stderr
    assert "did you mean 'view'" in sandbox.headway("vew").stderr


def test_live_without_a_terminal_is_refused(sandbox):
    done = sandbox.headway("view", "--display", "live")
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_the_next_run_of_a_name_is_followed_not_the_one_before(sandbox):
    let_go(sandbox.held("make", "raise ValueError('first')"))
    until(lambda: sandbox.operations()[0]["state"] == "failed", "the end of the first")
    ended = sandbox.operations()[0]["ended"]
    # What ended just now is taken for the one that is meant.
    until(lambda: time.time() > ended + JUST_ENDED + 0.5, "the time for that")
    view = sandbox.spawn(*HEADWAY, "view", "--until-done", "make")
    let_go(sandbox.held("make"))
    assert view.wait(20) == 0
    assert "first" not in view.stdout.read()


def test_wait_says_what_has_not_begun(sandbox):
    done = sandbox.headway("wait", "nix", "--timeout", "1.5")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "headway wait: waiting for 'nix' to begin\n"
        "headway wait: gave up waiting for 'nix' to begin\n"
    )


def test_a_broker_that_is_told_to_stop_is_not_started_again_by_viewers(sandbox):
    view = sandbox.spawn(*HEADWAY, "view", "--display", "plain")
    until(sandbox.serving, "a broker")
    until(lambda: sandbox.ask("status")["viewers"], "the viewer")
    assert sandbox.headway("broker", "stop").returncode == 0
    until(lambda: "waiting for the next broker" in view.stdout.readline(), "the viewer's note")
    assert sandbox.serving() is None
    process = sandbox.held("job")
    until(lambda: "the broker is back" in view.stdout.readline(), "the next broker")
    until(lambda: "job" in view.stdout.readline(), "the viewer shows it")
    let_go(process)


@pytest.mark.parametrize("command", ["ps", "history", "doctor", "--help"])
def test_a_command_whose_output_is_closed_complains_of_nothing(sandbox, command):
    shell = f"exec {shlex.quote(sys.executable)} -m headway {command} >&-"
    done = subprocess.run(
        ["sh", "-c", shell], env=sandbox.environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_wait_hears_of_an_end_whose_program_starts_no_other_broker(sandbox):
    other = sandbox.held("Other")
    program = sandbox.program(
        HELD.format(name="Work", first="pass", then="pass"),
        environ={"HEADWAY_BROKER": "never"},
        stdin=subprocess.PIPE,
    )
    until(lambda: any(made["name"] == "Work" for made in sandbox.operations()), "Work")
    wait = sandbox.spawn(*HEADWAY, "wait", "Work", "--timeout", "50")
    until(
        lambda: json.loads(sandbox.headway("broker", "status", "--json").stdout)["viewers"],
        "the one who waits",
    )
    for process in (other, program):
        os.kill(process.pid, signal.SIGSTOP)
    killed(sandbox.serving())
    other.kill()
    os.kill(program.pid, signal.SIGCONT)
    let_go(program)
    wait.communicate(timeout=50)
    assert wait.returncode == 0


@pytest.mark.parametrize("command", ["ps", "ps --json", "wait x", "cancel x", "broker status"])
def test_an_unusable_runtime_directory_is_told_as_by_view(sandbox, command):
    os.mkdir(sandbox.directory)
    os.chmod(sandbox.directory, 0o777)
    view = sandbox.headway("view", "--until-done")
    done = sandbox.headway(*command.split())
    assert (done.returncode, done.stdout) == (view.returncode, "") == (1, "")
    said = done.stderr.partition(": ")[2]
    assert said == view.stderr.partition(": ")[2]
    assert "is open to others (mode 0777); it must be 0700" in said
    assert said.count("\n") == 1


def test_wait_and_view_say_that_nobody_has_a_name_while_a_broker_runs(sandbox):
    program = sandbox.held("other")
    view = sandbox.spawn(*HEADWAY, "view", "absent", "--timeout", "2")
    done = sandbox.headway("wait", "absent", "--timeout", "2")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "headway wait: waiting for 'absent' to begin\n"
        "headway wait: gave up waiting for 'absent' to begin\n"
    )
    assert view.communicate(timeout=60)[1] == "headway view: waiting for 'absent' to begin\n"
    let_go(program)


@pytest.mark.oldest
def test_why_tells_an_operation_while_it_runs_and_after_its_end_without_a_broker(sandbox):
    first = sandbox.held("Install PostgreSQL")
    let_go(first)
    until(lambda: "Install PostgreSQL" in sandbox.headway("history").stdout, "a run to be stored")
    second = sandbox.held("Install PostgreSQL")
    shown = sandbox.headway("why", "Install PostgreSQL").stdout
    assert "has run for" in shown
    assert "one earlier run took" in shown
    let_go(second)
    told = until(
        lambda: [
            told
            for told in [json.loads(sandbox.headway("why", "Install PostgreSQL", "--json").stdout)]
            if told["state"] == "completed"
        ],
        "the second run to be over",
    )[0]
    assert told["usual"]["runs"] == 1
    sandbox.headway("broker", "stop")
    assert f"({told['id']}) completed" in sandbox.headway("why", told["id"][:6]).stdout
