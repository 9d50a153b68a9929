"""`headway uninstall` lists, asks, and removes what is Headway's and nothing else."""

import os
import subprocess

import pytest
from machine import HEADWAY, ROOT, until
from sandbox import let_go

from headway.model import Operation
from headway.protocol import endpoint
from headway.protocol.messages import Reply
from headway_viewer.commands import uninstall as command
from headway_viewer.commands.uninstall import paths, remove, resume_all
from headway_viewer.replica.replica import Replica

pytestmark = pytest.mark.once


@pytest.mark.oldest
@pytest.mark.starts_broker
def test_it_lists_then_stops_and_removes_what_headway_has_made(sandbox):
    home = f"{sandbox.folder}/home"
    completion = f"{home}/.local/share/bash-completion/completions/headway"
    entry = f"{home}/.config/autostart/headway-notify.desktop"
    unit = f"{home}/.config/systemd/user/headway-broker.service"
    for path in (completion, entry, unit):
        os.makedirs(os.path.dirname(path))
        with open(path, "w") as file:
            file.write("x")
    environ = {"HOME": home, "XDG_CONFIG_HOME": "", "PATH": "/nowhere"}
    let_go(sandbox.held("a job"))
    listed = sandbox.headway("uninstall", **environ)
    assert listed.returncode == 1
    assert "nothing was removed; --yes removes it" in listed.stderr
    for path in (
        completion,
        entry,
        unit,
        sandbox.path("report.sock"),
        f"{sandbox.state}/history.sqlite3",
    ):
        assert path in listed.stdout.splitlines()
    assert sandbox.serving()
    done = sandbox.headway("uninstall", "--yes", **environ)
    assert done.returncode == 0, done.stderr
    assert sandbox.serving() is None
    for path in (completion, entry, unit, sandbox.directory, sandbox.state):
        assert not os.path.exists(path)
    again = sandbox.headway("uninstall", "--yes", **environ)
    assert again.stdout == "there is nothing of Headway here\n"


@pytest.mark.starts_broker
def test_what_goes_on_is_told_and_makes_nothing_again(sandbox):
    job = sandbox.held(
        "a job", then="print(op.state); headway.operation('late').start().complete()"
    )
    notifier = sandbox.spawn(
        *HEADWAY, "notify", "--exec", "true", stderr=subprocess.PIPE, text=True
    )
    until(lambda: sandbox.ask("status")["listeners"], "the notifier follows")
    environ = {"HOME": f"{sandbox.folder}/home"}
    refused = sandbox.headway("uninstall", "--yes", **environ)
    assert refused.returncode == 1
    assert "still open: a job; it goes on" in refused.stdout
    assert "nothing was removed; --force removes it" in refused.stderr
    assert sandbox.serving()
    done = sandbox.headway("uninstall", "--force", **environ)
    assert done.returncode == 0, done.stderr
    assert "headway was uninstalled" in notifier.communicate(timeout=30)[1]
    assert notifier.returncode == 1
    assert job.poll() is None
    let_go(job)
    assert job.returncode == 0
    assert sandbox.serving() is None
    assert os.listdir(sandbox.directory) == ["uninstalled"]
    again = sandbox.headway("uninstall", **environ)
    assert again.stdout == "there is nothing of Headway here\n"
    assert not os.path.exists(sandbox.directory)
    assert not os.path.exists(sandbox.state)


class Paused:
    """A feed of operations that are paused, by the answer to a request to resume them."""

    def __init__(self, **answers):
        self.answers = answers
        self.replica = Replica()
        for name in answers:
            one = self.replica.operations[name] = Operation(name, name)
            one.state, one.reason = "waiting", "paused"

    def ask(self, verb, arguments, timeout):
        assert verb == "resume"
        result = self.answers[arguments["operation"]]
        return None if result is None else Reply(1, result, None)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"answer": "accepted"}, None),
        ({"answer": "nobody"}, None),  # a program's own word for its wait
        ({"answer": "refused", "reason": "no"}, "b cannot be resumed: no"),
        (None, "b cannot be resumed: no answer"),
    ],
)
def test_what_is_paused_goes_on_or_is_told_of(result, told):
    assert resume_all(Paused(a={"answer": "accepted"}, b=result)) == told


def test_what_is_not_headways_stays(tmp_path):
    run, state = tmp_path / "run", tmp_path / "state"
    for folder in (run, state):
        folder.mkdir(mode=0o700)
        (folder / "mine").write_text("x")
    (state / "secret").write_text("x")
    (run / "unsent").mkdir()
    environ = {"HEADWAY_RUNTIME_DIR": str(run), "HEADWAY_STATE_DIR": str(state)}
    found = paths(environ, os.getuid(), str(tmp_path))
    assert found == [str(run / "unsent"), str(run), str(state / "secret"), str(state)]
    assert all(remove(path) for path in found)
    assert sorted(os.listdir(run)) == sorted(os.listdir(state)) == ["mine"]


def test_a_broker_that_is_starting_is_awaited_and_what_it_makes_goes_too(tmp_path, monkeypatch):
    run, state = tmp_path / "run", tmp_path / "state"
    run.mkdir(mode=0o700)
    (run / "start.lock").touch()
    looks = iter([True, True, False])

    def is_starting():
        state.mkdir(mode=0o700, exist_ok=True)
        (state / "history.sqlite3").touch()
        return next(looks)

    def stop(*_arguments, **_options):
        (run / "lost-ends").touch()

    monkeypatch.setenv("HEADWAY_RUNTIME_DIR", str(run))
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(state))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(command, "is_starting", is_starting)
    monkeypatch.setattr(command.subprocess, "run", stop)
    monkeypatch.setattr(command.user_units, "uninstall", stop)
    assert command.uninstall(["--yes"]) == 0
    assert next(looks, None) is None
    assert os.listdir(tmp_path) == []


def test_a_link_is_not_followed(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "secret").write_text("x")
    (tmp_path / "state").symlink_to(other)
    environ = {
        "HEADWAY_RUNTIME_DIR": str(tmp_path / "none"),
        "HEADWAY_STATE_DIR": str(tmp_path / "state"),
    }
    assert paths(environ, os.getuid(), str(tmp_path)) == []
    (tmp_path / "unsent").symlink_to(other)
    assert remove(str(tmp_path / "unsent"))
    assert (other / "secret").exists()


def test_an_answer_that_is_no_yes_removes_nothing(sandbox):
    path = f"{sandbox.state}/secret"
    with open(path, "w") as file:
        file.write("x")
    terminal = sandbox.terminal("headway", "uninstall", HOME=sandbox.folder)
    terminal.wait_for_text("[y/N]")
    terminal.type("\r")
    terminal.wait_for_text("nothing was removed")
    assert os.path.exists(path)


def test_the_page_names_all_that_is_removed():
    with open(os.path.join(ROOT, "docs", "what-runs.md"), encoding="utf-8") as file:
        page = file.read()
    rows = [line for line in page.splitlines() if line.startswith("| ") and "HEADWAY_" in line]
    state = next(row for row in rows if "HEADWAY_STATE_DIR" in row)
    runtime = next(row for row in rows if "HEADWAY_RUNTIME_DIR" in row)
    folders = [f"{name}/" for name in command.RUNTIME_FOLDERS]
    for name in (*command.RUNTIME_FILES, *folders, endpoint.UNINSTALLED):
        assert f"`{name}`" in runtime
    for name in (*command.STATE_FILES, f"{endpoint.SECOND_SPOOL}…"):
        assert f"`{name}`" in state
    assert all(f"`{name}" in state + runtime for name in command.ALSO if not name.endswith("."))
