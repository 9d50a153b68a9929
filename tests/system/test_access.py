"""Who gets in: a second user of the machine, root under sudo, cron, containers, forgers."""

import json
import os
import signal
import stat
import subprocess
import time

import pytest
from brokers import Place
from machine import until
from peers import Peer
from person import Person, reason_against

from headway.protocol import messages

OP = "op0000000000"


@pytest.fixture
def place():
    place = Place()
    yield place
    place.close()


@pytest.fixture(scope="module")
def person():
    against = reason_against()
    if against:
        pytest.skip(against)
    person = Person(f"headway{os.getpid()}")
    yield person
    person.close()


@pytest.fixture
def ann(person):
    """The second user, with nothing running and no directory left."""
    yield person
    person.end_all()
    for folder in (f"/tmp/headway-{person.uid}", f"/run/user/{person.uid}"):
        subprocess.run(["rm", "-rf", folder], check=True)


WORK = """
import headway, signal, sys
op = headway.operation(sys.argv[1]).start()
print(op.id, flush=True)
if sys.argv[2:]:
    signal.pause()
op.complete()
"""


def program(ann, name, *stays, before=()):
    """The command of a program with an operation, which stays open where it `stays`."""
    return (*before, ann.python, "-c", WORK, name, *stays)


def listed(ann, **environ):
    """What `headway ps --json` shows to the second user: name → operation."""
    status, out, err = ann.run(ann.python, "-m", "headway", "ps", "--json", **environ)
    assert status == 0, err
    return {one["name"]: one for one in json.loads(out)["operations"]}


def owner_of_broker(folder):
    with open(os.path.join(folder, "broker.lock")) as file:
        return os.stat(f"/proc/{int(file.read())}").st_uid


# Another user.


def test_another_user_can_neither_read_nor_write_nor_stop(place, ann):
    place.broker("--detached")
    peer = place.peer()
    peer.start(name="secret work")
    until(lambda: place.operation(OP))
    os.chmod(place.state, 0o755)
    attempts = f"""
import os, signal, socket, sys
place, pid = {place.directory!r}, {place.status()["pid"]}
def attempt(what, function, *arguments):
    try: print(what, "done", function(*arguments))
    except OSError as error: print(what, error.errno)
def connect(name):
    socket.socket(socket.AF_UNIX).connect(os.path.join(place, name))
attempt("list", os.listdir, place)
attempt("report", connect, "report.sock")
attempt("follow", connect, "follow.sock")
attempt("log", open, os.path.join(place, "broker.log"))
attempt("history", open, os.path.join({place.state!r}, "history.sqlite3"))
attempt("unsent", open, os.path.join(place, "unsent", "x"), "w")
attempt("remove", os.unlink, os.path.join(place, "report.sock"))
attempt("rename", os.rename, place, place + "-mine")
attempt("kill", os.kill, pid, signal.SIGTERM)
"""
    status, out, err = ann.run(ann.python, "-c", attempts)
    assert status == 0, err
    refused = dict(line.split(" ", 1) for line in out.splitlines())
    assert len(refused) == 9
    assert set(refused.values()) <= {"13", "1"}, refused
    for command in ("ps", "broker stop", "broker status", "view --until-done --timeout 3"):
        argv = (ann.python, "-m", "headway", *command.split())
        _, out, err = ann.run(*argv, HEADWAY_RUNTIME_DIR=place.directory)
        assert "secret" not in out + err
    assert place.operation(OP).state == "running"


def test_a_directory_that_another_user_has_laid_out_is_not_used(ann):
    trap = f"/tmp/headway-{ann.uid}"
    os.mkdir(trap, 0o777)
    os.chmod(trap, 0o777)
    status, out, err = ann.run(*program(ann, "careful"))
    assert (status, err) == (0, "")
    assert os.listdir(trap) == []
    status, out, err = ann.run(ann.python, "-m", "headway", "doctor")
    assert "belongs to uid 0" in out + err


@pytest.mark.parametrize("mine", [True, False])
def test_a_link_in_place_of_the_directory_is_not_followed(ann, mine):
    target = os.path.join(ann.place, f"elsewhere{mine}")
    os.mkdir(target, 0o700)
    os.chown(target, ann.uid if mine else 0, -1)
    os.symlink(target, f"/tmp/headway-{ann.uid}")
    try:
        status, _, err = ann.run(*program(ann, "careful"))
        assert (status, err) == (0, "")
        assert os.listdir(target) == []
    finally:
        os.unlink(f"/tmp/headway-{ann.uid}")


def test_a_directory_that_is_open_to_others_is_not_used(ann):
    open_one = f"/tmp/headway-{ann.uid}"
    os.mkdir(open_one)
    os.chmod(open_one, 0o755)
    os.chown(open_one, ann.uid, ann.gid)
    assert ann.run(*program(ann, "careful"))[0] == 0
    assert os.listdir(open_one) == []
    _, out, err = ann.run(ann.python, "-m", "headway", "doctor")
    assert "open to others" in out + err


def test_files_of_another_user_in_unsent_are_not_read(place, ann):
    place.broker("--detached")
    folder = place.path("unsent")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "left")
    with open(path, "wb") as file:
        file.write(b"x")
    os.chown(path, ann.uid, ann.gid)
    for name in ("ours", "ours again"):  # as the second goes, the first look at all has ended
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"x")
        until(lambda name=name: name not in os.listdir(folder), f"a look at {name}")
    assert os.path.exists(path)


# Root under sudo.


def test_a_program_under_sudo_reports_to_the_broker_of_the_user_who_typed_it(ann):
    mine = ann.start(*program(ann, "mine", "stays"))
    mine.stdout.readline()
    until(lambda: "mine" in listed(ann))
    status, out, err = ann.run(*program(ann, "root's", before=ann.sudo()))
    assert (status, err) == (0, ""), out
    found = until(lambda: listed(ann).get("root's"))
    assert found["state"] == "completed"
    assert owner_of_broker(f"/tmp/headway-{ann.uid}") == ann.uid
    mine.kill()
    mine.communicate()


def test_a_broker_that_a_program_under_sudo_starts_is_the_users_own(ann):
    status, out, err = ann.run(*program(ann, "root's", before=ann.sudo()))
    assert (status, err) == (0, ""), out
    folder = f"/tmp/headway-{ann.uid}"
    assert until(lambda: os.path.exists(f"{folder}/report.sock"))
    assert owner_of_broker(folder) == ann.uid
    for name in os.listdir(folder):
        assert os.lstat(f"{folder}/{name}").st_uid == ann.uid, name
    assert until(lambda: listed(ann).get("root's"))["state"] == "completed"
    # The history is in the user's home, and the user's own.
    state = os.path.join(ann.home, ".local/state/headway")
    assert os.stat(state).st_uid == ann.uid
    for name in os.listdir(state):
        assert os.stat(os.path.join(state, name)).st_uid == ann.uid


def test_headway_run_under_sudo_is_shown_to_the_user(ann):
    argv = ("-m", "headway", "run", "--name", "as root", "--", "sh", "-c", "id -u; exit 7")
    status, out, err = ann.run(*ann.sudo(), ann.python, *argv)
    assert (status, out) == (7, "0\n"), err
    found = until(lambda: listed(ann).get("as root"))
    assert (found["state"], found["exit_status"], found["user"]) == ("failed", 7, ann.name)


def test_a_killed_program_under_sudo_has_crashed(ann):
    before = ann.sudo()
    process = ann.start(*program(ann, "root's", "stays", before=before))
    found = until(lambda: listed(ann).get("root's"))
    os.kill(found["pid"], signal.SIGKILL)
    until(lambda: listed(ann)["root's"]["state"] == "crashed", seconds=5)
    process.communicate(timeout=10)


def test_an_end_under_sudo_that_no_broker_took_in_is_not_lost(ann):
    before = ann.sudo(HEADWAY_BROKER="never")
    status, _, err = ann.run(*program(ann, "root's", before=before))
    assert (status, err) == (0, "")
    folder = f"/tmp/headway-{ann.uid}"
    assert os.stat(folder).st_uid == os.stat(f"{folder}/unsent").st_uid == ann.uid
    assert ann.run(*program(ann, "mine"))[0] == 0
    assert until(lambda: listed(ann).get("root's"))["state"] == "completed"
    until(lambda: os.listdir(f"{folder}/unsent") == [])


def test_root_follows_no_link_that_the_user_has_laid_out(ann):
    """A user may not have root write where only root may."""
    folder = f"/tmp/headway-{ann.uid}"
    target = os.path.join(ann.place, "roots")
    os.mkdir(target, 0o700)
    script = f"mkdir -m 700 {folder} && ln -s {target} {folder}/unsent && "
    script += f"ln -s {target}/lock {folder}/start.lock && ln -s {target}/log {folder}/broker.log"
    assert ann.run("sh", "-c", script)[0] == 0
    before = ann.sudo(HEADWAY_BROKER="never")
    status, _, err = ann.run(*program(ann, "root's", before=before))
    assert (status, err) == (0, "")
    status, _, err = ann.run(*program(ann, "root's", before=ann.sudo()))
    assert (status, err) == (0, "")
    assert os.listdir(target) == []


# Cron, desktops, containers.


def test_a_program_under_cron_finds_the_desktops_broker(ann):
    run = f"/run/user/{ann.uid}"
    os.makedirs(run, mode=0o700)
    os.chown(run, ann.uid, ann.gid)
    assert stat.S_IMODE(os.stat(run).st_mode) == 0o700
    desktop = ann.start(*program(ann, "desktop", "stays"), XDG_RUNTIME_DIR=run)
    desktop.stdout.readline()
    assert ann.run(*program(ann, "cron"))[0] == 0  # no XDG variable is set there
    found = until(lambda: len(listed(ann)) == 2 and listed(ann))
    assert set(found) == {"desktop", "cron"}
    assert owner_of_broker(f"{run}/headway") == ann.uid
    assert not os.path.exists(f"/tmp/headway-{ann.uid}")
    desktop.kill()
    desktop.communicate()


def test_a_container_without_run_user_works(ann):
    assert not os.path.exists(f"/run/user/{ann.uid}")
    assert ann.run(*program(ann, "inside"))[0] == 0
    assert until(lambda: listed(ann).get("inside"))["state"] == "completed"
    folder = os.stat(f"/tmp/headway-{ann.uid}")
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (ann.uid, 0o700)


# Forgers of the same user.


def test_a_message_about_somebody_elses_operation_is_refused_and_counted(place):
    place.broker("--detached")
    owner = place.peer()
    owner.start(name="mine")
    forger = Peer(place.directory, session="f" * 16, pid=1)
    place.peers.append(forger)
    forger.start(name="forged")  # the same id
    assert forger.hear(messages.Refuse).reason == "operation of another session"
    forger.end(state="failed")
    forger.send(messages.Log(OP, None, ["forged line"]))
    forger.send(messages.Bye(forger.sequence, time.monotonic()))
    until(lambda: place.status()["dropped"].get("lines"))
    dropped = place.status()["dropped"]
    assert dropped["operation of another session"] >= 1
    found = place.operation(OP)
    assert (found.name, found.state) == ("mine", "running")
    owner.end()
    until(lambda: place.operation(OP).state == "completed")


STEAL = """
peer.session = sys.argv[1]
peer.hello()
print(peer.hear(__import__("peers").messages.Refuse))
"""


def test_a_session_cannot_be_taken_over_by_another_process(place):
    place.broker("--detached")
    owner = place.peer()
    owner.start()
    until(lambda: place.operation(OP))
    thief = place.worker(STEAL, owner.session, hello=False)
    out, err = thief.communicate(timeout=20)
    assert "session of another process" in out, err
    owner.end()
    until(lambda: place.operation(OP).state == "completed")
